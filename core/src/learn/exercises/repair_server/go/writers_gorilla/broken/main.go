// An echo on gorilla/websocket with a ticker beside it that writes without the lock.
package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"wiretalk.example/listen"
)

var upgrader = websocket.Upgrader{}

// what the exercise shows begins here
func echo(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.SetReadLimit(32 << 20)
	var writing sync.Mutex
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			if conn.WriteMessage(websocket.TextMessage, []byte("tick")) != nil {
				return
			}
		}
	}()
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		writing.Lock()
		err = conn.WriteMessage(kind, message)
		writing.Unlock()
		if err != nil {
			return
		}
	}
}

// what the exercise shows ends here

func main() {
	listen.Serve(http.HandlerFunc(echo))
}
