// An echo on coder/websocket that every page can use.
package main

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
	"wiretalk.example/listen"
)

// what the exercise shows begins here

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true,
	})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	echo(r.Context(), conn)
}

// what the exercise shows ends here

func echo(ctx context.Context, conn *websocket.Conn) {
	conn.SetReadLimit(64 << 10)
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

func main() {
	listen.Serve(http.HandlerFunc(serve))
}
