// Command clocks prints, for every line it reads, what the gateway's clock makes of the kernel's clocks: one JSON object.
package main

import (
	"bufio"
	"encoding/json"
	"log/slog"
	"os"
	"time"

	"github.com/rollcall-edge/rollcall/gateway/clock"
)

func main() {
	began := time.Now()
	c, err := clock.Open(clock.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	lines, answer := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for lines.Scan() {
		stamp := c.Stamp(time.Now())
		err := answer.Encode(map[string]any{
			"Now":     time.Now(),
			"Since":   time.Since(began),
			"At":      stamp.At,
			"Boot":    stamp.Boot,
			"Uptime":  stamp.Uptime,
			"Quality": stamp.Quality,
			"Within":  stamp.Within,
		})
		if err != nil {
			panic(err)
		}
	}
}
