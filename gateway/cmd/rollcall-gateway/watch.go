package main

import (
	"context"
	"fmt"

	"github.com/rollcall-edge/rollcall/gateway/capture"
	"github.com/rollcall-edge/rollcall/gateway/console"
)

type watchTaps struct {
	from
	Last int  `default:"10" help:"So many of the last taps first, up to 100."`
	Once bool `help:"End after the last taps."`
}

// Run prints taps: time, number in the journal, first digits of the card's digest, reader, result, session.
func (w *watchTaps) Run(ctx context.Context, t terminal) error {
	_, gateway, err := w.console()
	if err != nil {
		return err
	}
	lines, err := gateway.Lines(ctx)
	if err != nil {
		return err
	}
	row := fmt.Sprintf("%%-24s  %%8v  %%-8s  %%-%ds  %%-14s  %%s\n", widest(lines))
	fmt.Fprintf(t.out, row, "TIME", "NUMBER", "CARD", "READER", "RESULT", "SESSION")
	return gateway.Taps(ctx, w.Last, !w.Once, func(tap console.Tap) {
		fmt.Fprintf(t.out, row, tap.At.UTC().Format("2006-01-02 15:04:05.000Z"), tap.Seq, tap.Card, tap.Point, tap.Result, tap.Session)
	})
}

// widest is the length of the longest name of a reader.
func widest(lines []capture.LineState) int {
	width := len("READER")
	for _, l := range lines {
		for _, r := range l.Readers {
			width = max(width, len(r.Reader))
		}
	}
	return width
}
