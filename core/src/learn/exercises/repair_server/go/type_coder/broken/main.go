// An echo on coder/websocket that makes every message text.
package main

import (
	"log"
	"net/http"

	"github.com/coder/websocket"
	"wiretalk.example/listen"
)

// what the exercise shows begins here
func echo(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
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
		log.Println("type", kind, "length", len(message))
		if conn.Write(r.Context(), websocket.MessageText, message) != nil {
			return
		}
	}
}

// what the exercise shows ends here

func main() {
	listen.Serve(http.HandlerFunc(echo))
}
