package fleet

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// dayLook is how often it is looked whether a day has ended.
const dayLook = time.Minute

// SealDays signs, soon after each midnight, how far every stream is sealed, until ctx ends. Every gateway gets it with the answer
// to its next report and keeps it: after that not even central can say otherwise.
func (f *Fleet) SealDays(ctx context.Context) error {
	t := time.NewTicker(dayLook)
	defer t.Stop()
	for {
		if err := f.SealDay(ctx); err != nil && ctx.Err() == nil {
			f.log.Error("day not sealed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// openDays makes central's key known, so that it stands in exports, and takes up the last daily seal.
func (f *Fleet) openDays(ctx context.Context) error {
	key := f.authority.seal.Public().(ed25519.PublicKey)
	replaced, err := f.store.RegisterKey(ctx, tree.Central, key, f.now())
	if err != nil {
		return err
	}
	if replaced {
		f.log.Warn("central signs daily seals with another key from now on; gateways will say so: restore seal.key if it was lost")
	}
	last, err := f.store.LastDay(ctx)
	if err != nil {
		return err
	}
	return f.handOut(last)
}

// SealDay seals the day that ended last, unless it is sealed or no stream has a seal yet.
func (f *Fleet) SealDay(ctx context.Context) error {
	last, err := f.store.LastDay(ctx)
	if err != nil {
		return fmt.Errorf("seal day: %w", err)
	}
	if day := calendar.DayOf(f.now()).Add(-1).String(); last.Day < day {
		if last, err = f.signDay(ctx, day, last); err != nil {
			return fmt.Errorf("seal day %s: %w", day, err)
		}
	}
	return f.handOut(last)
}

func (f *Fleet) signDay(ctx context.Context, day string, last tree.SealedDay) (tree.SealedDay, error) {
	streams, err := f.store.NewestSeals(ctx)
	if err != nil || len(streams) == 0 {
		return last, err
	}
	var previous tree.Hash
	if last.Day != "" {
		previous = last.Digest()
	}
	made, err := tree.SignDay(day, previous, streams, f.authority.seal)
	if err != nil {
		return last, err
	}
	if err := f.store.SaveDay(ctx, made, f.now()); err != nil {
		return last, err
	}
	f.log.Info("day sealed", "day", day, "streams", len(streams), "digest", made.Digest().String())
	return f.store.LastDay(ctx) // another central may have been quicker
}

// kept is a daily seal as it is handed to gateways.
type kept struct {
	day      string
	digest   string
	document []byte
}

func (f *Fleet) handOut(d tree.SealedDay) error {
	if d.Day == "" {
		return nil
	}
	document, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode daily seal: %w", err)
	}
	f.day.Store(&kept{d.Day, d.Digest().String(), document})
	return nil
}

// Day is the last day that is sealed, and what stands for its seal on paper; "" if there is none.
func (f *Fleet) Day() (day, digest string) {
	if k := f.day.Load(); k != nil {
		return k.day, k.digest
	}
	return "", ""
}

// newer is the last daily seal if a gateway that holds the one of a day lacks it.
func (f *Fleet) newer(held string) []byte {
	if k := f.day.Load(); k != nil && k.day > held {
		return k.document
	}
	return nil
}
