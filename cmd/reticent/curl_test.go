package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// curl does what the documents ask of the real one, so that their test needs
// nothing but Go: a URL, and -s, -X METHOD, -H HEADER, --json TEXT or --json @-
// in any order.
func curl() {
	if err := curlArgs(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(1)
	}
}

func curlArgs(args []string) error {
	var method, url string
	var body []byte
	header := http.Header{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch arg {
		case "-s":
			continue
		case "-X", "-H", "--json":
			if len(args) == 0 {
				return fmt.Errorf("%s needs an argument", arg)
			}
		default:
			url = arg
			continue
		}
		value := args[0]
		args = args[1:]
		switch arg {
		case "-X":
			method = value
		case "-H":
			name, text, _ := strings.Cut(value, ":")
			header.Add(name, strings.TrimSpace(text))
		case "--json":
			body = []byte(value)
			if value == "@-" {
				text, err := io.ReadAll(os.Stdin)
				if err != nil {
					return err
				}
				body = text
			}
		}
	}
	switch {
	case method != "":
	case body != nil:
		method = http.MethodPost
	default:
		method = http.MethodGet
	}
	r, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = header
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}
