// An echo on github.com/lxzan/gws with its default options.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/lxzan/gws"
)

type handler struct {
	gws.BuiltinEventHandler
}

func (handler) OnPing(conn *gws.Conn, payload []byte) {
	_ = conn.WritePong(payload)
}

func (handler) OnMessage(conn *gws.Conn, message *gws.Message) {
	defer message.Close()
	_ = conn.WriteMessage(message.Opcode, message.Bytes())
}

func main() {
	upgrader := gws.NewUpgrader(handler{}, nil)
	echo := func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r); err == nil {
			go conn.ReadLoop()
		}
	}
	log.Fatal(http.ListenAndServe(os.Args[1], http.HandlerFunc(echo)))
}
