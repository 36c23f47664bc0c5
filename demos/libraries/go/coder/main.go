// An echo on github.com/coder/websocket with its default options.
package main

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
	"wiretalk.example/listen"
)

func echo(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	ctx := context.Background() // the request's own ends with the handler
	for {
		kind, message, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if err := conn.Write(ctx, kind, message); err != nil {
			return
		}
	}
}

func main() {
	listen.Serve(http.HandlerFunc(echo))
}
