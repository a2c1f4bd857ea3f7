package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/spf13/cobra"
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

	first, err := ask(fd, w, name+" (it is not shown)")
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

// passphrasePrompt gives what asks for the passphrase of the key: once, however often
// it is needed, and twice in a row where it is new.
func passphrasePrompt(c *cobra.Command) func(fresh bool) ([]byte, error) {
	var once sync.Once
	var text []byte
	var err error
	return func(fresh bool) ([]byte, error) {
		once.Do(func() {
			stdin, ok := c.InOrStdin().(*os.File)
			switch {
			case !ok || !term.IsTerminal(int(stdin.Fd())):
				err = hint(errors.New("there is no terminal to ask for the passphrase"), "give it in a file, --key passphrase:file:PATH")
			case fresh:
				text, err = prompt(stdin, c.ErrOrStderr(), "the passphrase")
			default:
				text, err = ask(int(stdin.Fd()), c.ErrOrStderr(), "the passphrase (it is not shown)")
			}
		})
		return bytes.Clone(text), err
	}
}
