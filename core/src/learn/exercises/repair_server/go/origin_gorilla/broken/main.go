// An echo on gorilla/websocket that every page can use.
package main

import (
	"net/http"

	"github.com/gorilla/websocket"
	"wiretalk.example/listen"
)

// what the exercise shows begins here

var upgrader = websocket.Upgrader{
	ReadBufferSize:  4096,
	WriteBufferSize: 4096,
	CheckOrigin:     func(r *http.Request) bool { return true },
}

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	echo(conn)
}

// what the exercise shows ends here

func echo(conn *websocket.Conn) {
	conn.SetReadLimit(64 << 10)
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

func main() {
	listen.Serve(http.HandlerFunc(serve))
}
