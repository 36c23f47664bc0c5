// The four endpoints on github.com/igm/sockjs-go/v3, each handler called directly.
package main

import (
	"net/http"
	"strings"

	"wiretalk.example/listen"
	"wiretalk.example/sockjs/endpoints"
)

func main() {
	handlers := endpoints.All()
	listen.ServeHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		prefix := "/" + strings.SplitN(r.URL.Path, "/", 3)[1]
		if handler := handlers[prefix]; handler != nil {
			handler.ServeHTTP(w, r)
		} else {
			http.NotFound(w, r)
		}
	}))
}
