// An echo on gorilla/websocket that waits forever for a client that is gone.
package main

import (
	"net/http"
	"time"

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
	conn.SetReadDeadline(time.Time{})
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
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
