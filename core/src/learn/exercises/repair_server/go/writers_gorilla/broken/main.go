// An echo on gorilla/websocket with a ticker beside it that writes without the lock.
package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"wiretalk.example/listen"
)

var tick = []byte("tick")

// guarded is a connection with a lock for its writers.
type guarded struct {
	*websocket.Conn
	writing sync.Mutex
}

// write is WriteMessage with the lock.
func (conn *guarded) write(kind int, data []byte) error {
	conn.writing.Lock()
	defer conn.writing.Unlock()
	return conn.WriteMessage(kind, data)
}

var upgrader = websocket.Upgrader{}

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	echo(&guarded{Conn: conn})
}

// what the exercise shows begins here

// conn.write is conn.WriteMessage with a lock.
func echo(conn *guarded) {
	conn.SetReadLimit(32 << 20)
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			if conn.WriteMessage(websocket.TextMessage, tick) != nil {
				return
			}
		}
	}()
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if conn.write(kind, message) != nil {
			return
		}
	}
}

// what the exercise shows ends here

func main() {
	listen.Serve(http.HandlerFunc(serve))
}
