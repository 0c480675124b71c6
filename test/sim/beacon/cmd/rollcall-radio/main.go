// Command rollcall-radio is a virtual Bluetooth adapter for programs that cannot be given one by the kernel.
// It is a test tool: it plays what it is told and simulates neither range nor interference.
//
//	rollcall-radio -dir DIR [-address]  play a controller; commands on standard input, one answer a line
//	rollcall-radio -on SOCKET PROGRAM…  become PROGRAM, with that controller as its hci0
package main

import (
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/rollcall-edge/rollcall/test/sim/beacon"
)

func main() {
	dir := flag.String("dir", "", "play a controller whose socket is made in this directory")
	address := flag.String("address", "0200000beac0", "the controller's address, twelve hexadecimal digits")
	on := flag.String("on", "", "run the program that follows on the controller at this socket")
	flag.Parse()
	if err := run(*dir, *address, *on, flag.Args(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "rollcall-radio:", err)
		os.Exit(1)
	}
}

func run(dir, address, on string, program []string, in io.Reader, out io.Writer) error {
	switch {
	case on != "" && len(program) > 0:
		path, err := exec.LookPath(program[0])
		if err != nil {
			return fmt.Errorf("find program: %w", err)
		}
		return beacon.Exec(on, path, program, os.Environ())
	case dir != "" && len(program) == 0:
		return play(dir, address, in, out)
	}
	flag.Usage()
	return flag.ErrHelp
}

func play(dir, address string, in io.Reader, out io.Writer) error {
	octets, err := hex.DecodeString(address)
	if err != nil || len(octets) != 6 {
		return fmt.Errorf("address %q: %w", address, errUsage)
	}
	c := beacon.New([6]byte(octets))
	r, err := beacon.Plug(dir, c)
	if err != nil {
		return err
	}
	defer r.Close()
	fmt.Fprintln(out, "ok", r.Socket())
	return (&console{controller: c, radio: r}).serve(in, out)
}
