// An echo on github.com/gorilla/websocket with its default options.
package main

import (
	"net/http"

	"github.com/gorilla/websocket"
	"wiretalk.example/listen"
)

var upgrader = websocket.Upgrader{}

func echo(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if err := conn.WriteMessage(kind, message); err != nil {
			return
		}
	}
}

func main() {
	listen.Serve(http.HandlerFunc(echo))
}
