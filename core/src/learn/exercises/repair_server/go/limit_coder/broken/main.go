// An echo on coder/websocket that takes messages of any size.
package main

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
	"wiretalk.example/listen"
)

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	echo(r.Context(), conn)
}

// what the exercise shows begins here

func echo(ctx context.Context, conn *websocket.Conn) {
	conn.SetReadLimit(-1)
	for {
		kind, message, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if conn.Write(ctx, kind, message) != nil {
			return
		}
	}
}

// what the exercise shows ends here

func main() {
	listen.Serve(http.HandlerFunc(serve))
}
