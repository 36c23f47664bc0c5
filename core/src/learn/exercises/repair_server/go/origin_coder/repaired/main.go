// An echo on coder/websocket that pages of its own host and of app.example.com can use.
package main

import (
	"net/http"

	"github.com/coder/websocket"
	"wiretalk.example/listen"
)

// what the exercise shows begins here
func echo(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		OriginPatterns: []string{"app.example.com"},
	})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(64 << 10)
	for {
		kind, message, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		if conn.Write(r.Context(), kind, message) != nil {
			return
		}
	}
}

// what the exercise shows ends here

func main() {
	listen.Serve(http.HandlerFunc(echo))
}
