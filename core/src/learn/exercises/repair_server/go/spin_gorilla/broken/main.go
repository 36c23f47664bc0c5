// An echo on gorilla/websocket that goes on reading from a connection that has ended.
package main

import (
	"net/http"

	"github.com/gorilla/websocket"
	"wiretalk.example/listen"
)

var upgrader = websocket.Upgrader{}

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	echo(conn)
}

// what the exercise shows begins here

func echo(conn *websocket.Conn) {
	conn.SetReadLimit(64 << 10)
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			continue
		}
		if conn.WriteMessage(kind, message) != nil {
			return
		}
	}
}

// what the exercise shows ends here

func main() {
	listen.Serve(http.HandlerFunc(serve))
}
