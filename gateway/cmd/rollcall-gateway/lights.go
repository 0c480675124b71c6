package main

import (
	"context"
	"fmt"

	"github.com/rollcall-edge/rollcall/gateway/console"
)

type testLights struct {
	from
	Reader string `arg:"" help:"Point of the reader."`
	Light  string `enum:",ready,accepted,refused,several,stored,not_kept,fault,off" default:"" help:"Show this one alone: ready, accepted, refused, several, stored, not_kept, fault or off."`
}

// looks says what to expect of each light, on a reader that has them all.
var looks = map[string]string{
	"ready":    "steady blue (amber or white where the configuration says so): a register is open",
	"accepted": "green, one beep: recorded and credited",
	"refused":  "red, three beeps: recorded, not credited",
	"several":  "red twice, two beeps: two cards at once",
	"stored":   "blue blinking, one beep: recorded, not judged here",
	"not_kept": "amber flickering, one long beep: not recorded",
	"fault":    "steady amber: this gateway cannot record a tap",
	"off":      "dark: no register is open",
}

// Run shows the lights of a reader and tells which one is on.
func (l *testLights) Run(ctx context.Context, t terminal) error {
	_, gateway, err := l.console()
	if err != nil {
		return err
	}
	shown := 0
	err = gateway.Try(ctx, console.Lights{Reader: l.Reader, Light: l.Light}, func(light string) {
		if shown++; shown == 1 {
			fmt.Fprintf(t.out, "Watch %s. Each light is shown for two seconds.\n", l.Reader)
		}
		fmt.Fprintf(t.out, "  %-9s %s\n", light, looks[light])
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(t.out, "Done: it shows again what it is to show. A light that did not come is one the reader does not have.")
	return nil
}
