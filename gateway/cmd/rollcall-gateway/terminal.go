package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// terminal is where the person is.
type terminal struct {
	in  io.Reader
	out io.Writer
}

// errNotConfirmed ends a command that changes a reader.
var errNotConfirmed = errors.New("not confirmed with yes: nothing was changed")

// confirm asks for the word yes, unless it was given on the command line already.
func (t terminal) confirm(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	fmt.Fprint(t.out, question+" Type yes to go on: ")
	typed := make(chan string, 1)
	go func() { // ends with the line or with the program: a terminal cannot be asked to stop reading
		line, _ := bufio.NewReader(t.in).ReadString('\n') // no line is no yes
		typed <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(t.out)
		return errNotConfirmed
	case answer := <-typed:
		if answer != "yes" {
			return errNotConfirmed
		}
		return nil
	}
}
