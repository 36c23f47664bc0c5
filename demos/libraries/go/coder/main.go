// An echo on github.com/coder/websocket with its default options.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/coder/websocket"
)

func echo(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	for {
		kind, message, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		if err := conn.Write(r.Context(), kind, message); err != nil {
			return
		}
	}
}

func main() {
	log.Fatal(http.ListenAndServe(os.Args[1], http.HandlerFunc(echo)))
}
