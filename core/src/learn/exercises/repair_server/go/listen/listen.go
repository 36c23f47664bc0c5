// Package listen gives each contestant the same address, the same first line and the same end.
package listen

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

// Serve listens on the address in the first argument, prints its ws:// URL, and serves until stdin
// is closed. SIGTERM ends the process by its default action.
func Serve(handler http.Handler) {
	serve("ws", handler)
}

// ServeHTTP is Serve for a handler that wants an http:// URL.
func ServeHTTP(handler http.Handler) {
	serve("http", handler)
}

func serve(scheme string, handler http.Handler) {
	if len(os.Args) != 2 {
		log.Fatalf("usage: %s HOST:PORT", os.Args[0])
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on %s://%s/\n", scheme, listener.Addr())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(listener, handler))
}
