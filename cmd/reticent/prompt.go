package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// prompt asks for a value on a terminal, twice, since nobody can look at it
// later. Echo is off before the first question is there and until the second is
// answered: what is typed or pasted early is not shown either.
func prompt(terminal *os.File, w io.Writer, name string) (text []byte, err error) {
	fd := int(terminal.Fd())
	loud, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("ask the terminal: %w", err)
	}
	silent := *loud
	silent.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &silent); err != nil {
		return nil, fmt.Errorf("turn the terminal's echo off: %w", err)
	}
	defer func() { err = errors.Join(err, unix.IoctlSetTermios(fd, unix.TCSETS, loud)) }()

	first, err := ask(fd, w, "value of "+name+" (it is not shown)")
	if err != nil {
		return nil, err
	}
	second, err := ask(fd, w, "the same again")
	if err != nil {
		return nil, err
	}
	if string(first) != string(second) {
		return nil, errors.New("the two values differ")
	}
	return first, nil
}

func ask(fd int, w io.Writer, question string) ([]byte, error) {
	fmt.Fprintf(w, "reticent: %s: ", question)
	text, err := term.ReadPassword(fd)
	fmt.Fprintln(w)
	if err != nil {
		return nil, fmt.Errorf("read from the terminal: %w", err)
	}
	return text, nil
}
