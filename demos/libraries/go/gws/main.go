// An echo on github.com/lxzan/gws with its default options and its built-in handler.
package main

import (
	"net/http"

	"github.com/lxzan/gws"
	"wiretalk.example/listen"
)

type handler struct {
	gws.BuiltinEventHandler
}

func (handler) OnMessage(conn *gws.Conn, message *gws.Message) {
	defer message.Close()
	conn.WriteMessage(message.Opcode, message.Bytes())
}

func main() {
	upgrader := gws.NewUpgrader(handler{}, nil)
	upgrade := func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r); err == nil {
			go conn.ReadLoop()
		}
	}
	listen.Serve(http.HandlerFunc(upgrade))
}
