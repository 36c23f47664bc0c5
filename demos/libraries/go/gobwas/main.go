// An echo on github.com/gobwas/ws and its package wsutil with their default options.
package main

import (
	"net/http"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"wiretalk.example/listen"
)

func echo(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	go func() {
		defer conn.Close()
		for {
			message, op, err := wsutil.ReadClientData(conn)
			if err != nil {
				return
			}
			err = wsutil.WriteServerMessage(conn, op, message)
			if err != nil {
				return
			}
		}
	}()
}

func main() {
	listen.Serve(http.HandlerFunc(echo))
}
