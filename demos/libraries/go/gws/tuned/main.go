// The echo on github.com/lxzan/gws with compression, valid text, pongs that repeat the ping, and
// nobody from a foreign page.
package main

import (
	"net/http"
	"net/url"

	"github.com/lxzan/gws"
	"wiretalk.example/listen"
)

type handler struct{ gws.BuiltinEventHandler }

func (handler) OnPing(conn *gws.Conn, payload []byte) { conn.WritePong(payload) }

func (handler) OnMessage(conn *gws.Conn, message *gws.Message) {
	defer message.Close()
	conn.WriteMessage(message.Opcode, message.Bytes())
}

func sameOrigin(r *http.Request, _ gws.SessionStorage) bool {
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && (origin.Host == "" || origin.Host == r.Host)
}

func main() {
	upgrader := gws.NewUpgrader(handler{}, &gws.ServerOption{
		PermessageDeflate: gws.PermessageDeflate{Enabled: true},
		CheckUtf8Enabled:  true,
		Recovery:          gws.Recovery,
		Authorize:         sameOrigin,
	})
	listen.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r); err == nil {
			go conn.ReadLoop()
		}
	}))
}
