// An echo on gorilla/websocket that pings, and gives up a client that is gone.
package main

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"wiretalk.example/listen"
)

// wait is the time for which a client may be silent.
const wait = 2 * time.Second

var upgrader = websocket.Upgrader{}

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	echo(conn)
}

// ping sends pings until the connection has ended. WriteControl may run beside other writers.
func ping(conn *websocket.Conn) {
	for range time.Tick(wait / 2) {
		if conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(wait)) != nil {
			return
		}
	}
}

// what the exercise shows begins here

func echo(conn *websocket.Conn) {
	conn.SetReadLimit(64 << 10)
	conn.SetReadDeadline(time.Now().Add(wait))
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(wait)) })
	go ping(conn)
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
