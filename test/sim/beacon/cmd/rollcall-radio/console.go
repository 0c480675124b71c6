package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/test/sim/beacon"
)

var errUsage = errors.New("unknown command or wrong arguments")

// console carries out commands, one a line, and answers each with "ok …" or "error …":
//
//	air public|random ADDRESS RSSI DATA   let the controller hear one advertisement; hexadecimal, DATA may be -
//	raw PACKET                            send the program a packet as it is
//	mute on|off                           stop answering commands
//	refuse OPCODE STATUS                  answer a command with an error, or with 00 no longer
//	kernel ERRNO|ok                       make opening the adapter fail, by name
//	unplug                                take the adapter away
//	wait N                                answer when the program of the N-th opening scans: type, duplicates, interval, window
type console struct {
	controller *beacon.Controller
	radio      *beacon.Radio
}

// serve ends at the end of in.
func (c *console) serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		said, err := c.do(words[0], words[1:])
		if err != nil {
			said = "error " + err.Error()
		} else {
			said = strings.TrimSpace("ok " + said)
		}
		if _, err := fmt.Fprintln(out, said); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
	return lines.Err()
}

func (c *console) do(verb string, args []string) (string, error) {
	want, known := map[string]int{"air": 4, "raw": 1, "mute": 1, "refuse": 2, "kernel": 1, "unplug": 0, "wait": 1}[verb]
	if !known || len(args) != want {
		return "", errUsage
	}
	switch verb {
	case "air":
		return "", c.air(args)
	case "raw":
		packet, err := hex.DecodeString(args[0])
		if err != nil {
			return "", err
		}
		return "", c.controller.Raw(packet)
	case "mute":
		c.controller.Mute(args[0] == "on")
		return "", nil
	case "refuse":
		return "", c.refuse(args)
	case "kernel":
		return "", c.kernel(args[0])
	case "wait":
		return c.wait(args[0])
	}
	c.radio.Unplug()
	return "", nil
}

func (c *console) air(args []string) error {
	addr, err := hex.DecodeString(args[1])
	if err != nil || len(addr) != 6 {
		return errUsage
	}
	rssi, err := strconv.ParseInt(args[2], 10, 8)
	if err != nil {
		return err
	}
	data, err := hex.DecodeString(strings.Trim(args[3], "-"))
	if err != nil {
		return err
	}
	return c.controller.Air(beacon.Report{Type: beacon.NonConnectable, Random: args[0] == "random", Addr: [6]byte(addr), RSSI: int8(rssi), Data: data})
}

func (c *console) refuse(args []string) error {
	op, err := strconv.ParseUint(args[0], 16, 16)
	if err != nil {
		return err
	}
	status, err := strconv.ParseUint(args[1], 16, 8)
	if err != nil {
		return err
	}
	c.controller.Refuse(beacon.Opcode(op), byte(status))
	return nil
}

func (c *console) kernel(name string) error {
	errno, known := map[string]unix.Errno{
		"ok": 0, "ENODEV": unix.ENODEV, "EPERM": unix.EPERM, "EBUSY": unix.EBUSY, "ERFKILL": unix.ERFKILL, "EIO": unix.EIO,
	}[name]
	if !known {
		return errUsage
	}
	c.radio.Refuse(errno)
	return nil
}

// wait counts openings, so that a program restarted is not taken for the one before it.
func (c *console) wait(nth string) (string, error) {
	n, err := strconv.Atoi(nth)
	if err != nil {
		return "", err
	}
	for {
		changed := c.controller.Changed()
		if s := c.controller.Scan(); s.On && c.controller.Opened() >= n {
			return describe(s), nil
		}
		<-changed
	}
}

func describe(s beacon.Scan) string {
	words := []string{"passive", "all"}
	if s.Active {
		words[0] = "active"
	}
	if s.FilterDuplicates {
		words[1] = "filtered"
	}
	return fmt.Sprint(strings.Join(words, " "), " ", s.Interval, " ", s.Window)
}
