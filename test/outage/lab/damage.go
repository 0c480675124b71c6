package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/proc"
)

var damageFaults = map[int]method{
	21: {lane: centralAndGateway, needs: onCards, lasts: 3 * time.Second, do: blindWhile(spoiled(flipped))},
	22: {lane: centralAndGateway, needs: onCards, lasts: 3 * time.Second, do: blindWhile(spoiled(truncated))},
	23: {lane: centralAndGateway, needs: onCards, lasts: 3 * time.Second, do: blindWhile(spoiled(deleted))},
	24: {lane: centralAndGateway, needs: onCards, lasts: 12 * time.Second, do: blindWhile(oldImage)},
	25: {lane: oneGateway, needs: onCards, lasts: time.Second, do: emptyMemtable},
	26: {lane: oneGateway, lasts: 8 * time.Second, do: noFiles},
}

// spoiled damages a file of each kind in turn, of a gateway that is off and whose records are all elsewhere.
func spoiled(damage func(i *injury, path string) (string, error)) func(context.Context, *injury) error {
	return func(ctx context.Context, i *injury) error {
		g := i.gateway
		kinds, err := files(g)
		if err != nil {
			return err
		}
		done := ""
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			back, err := quiet(ctx, g)
			if err != nil {
				return errors.Join(err, back())
			}
			if err := errors.Join(g.Process.Hold(), back()); err != nil {
				return err
			}
			paths := kinds[kind]
			what, err := damage(i, paths[i.chance.IntN(len(paths))])
			if errors.Is(err, os.ErrNotExist) {
				what, err = "was gone already", nil // an earlier damage had it set aside
			}
			if err := errors.Join(err, g.Process.Resume(), g.Await(ctx)); err != nil {
				return fmt.Errorf("%s %s: %w", kind, what, err)
			}
			done += fmt.Sprintf("; %s %s", kind, what)
			i.hold(ctx)
		}
		return i.proved(done != "", "%s", done[min(2, len(done)):])
	}
}

func flipped(i *injury, path string) (string, error) {
	name, err := filepath.Rel(i.gateway.Card.Dir(), path)
	if err != nil {
		return "", err
	}
	bit, err := i.gateway.Card.Flip(name, -1)
	return fmt.Sprintf("had bit %d turned", bit), err
}

func truncated(i *injury, path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	to := int64(0)
	if info.Size() > 0 {
		to = i.chance.Int64N(info.Size())
	}
	return fmt.Sprintf("was cut from %d to %d octets", info.Size(), to), os.Truncate(path, to)
}

func deleted(_ *injury, path string) (string, error) { return "was deleted", os.Remove(path) }

// oldImage puts the card back as it was a while ago.
func oldImage(ctx context.Context, i *injury) error {
	g := i.gateway
	image, err := g.Card.Copy()
	if err != nil {
		return err
	}
	i.hold(ctx)
	back, err := quiet(ctx, g)
	if err != nil {
		return errors.Join(err, back())
	}
	before, err := g.Progress(ctx)
	if err != nil {
		return errors.Join(err, back())
	}
	err = errors.Join(g.Process.Hold(), g.Card.Restore(ctx, image), g.Process.Resume(), g.Await(ctx), back())
	if err != nil {
		return err
	}
	fresh := await(ctx, time.Minute, func() bool {
		p, err := g.Progress(ctx)
		return err == nil && p.Stream != before.Stream
	})
	return i.proved(fresh, "its journal had come to %d in the meantime, and it began a new stream: %v", before.Durable, fresh)
}

// emptyMemtable is what a power cut leaves between the making of a file and the first write to it.
func emptyMemtable(ctx context.Context, i *injury) error {
	g := i.gateway
	err := g.Process.Hold()
	path := filepath.Join(g.Data(), "cluster", "replica", "00099.mem")
	err = errors.Join(err, os.WriteFile(path, nil, 0o600), g.Process.Resume(), g.Await(ctx))
	info, gone := os.Stat(path)
	cleared := errors.Is(gone, os.ErrNotExist) || gone == nil && info.Size() > 0
	return errors.Join(err, i.proved(cleared, "the empty file was cleared away"))
}

// noFiles lets a gateway open nothing more.
func noFiles(ctx context.Context, i *injury) error {
	g := i.gateway
	restore, err := proc.LimitFiles(g.Process.PID(), 10)
	if err != nil {
		return err
	}
	silent := !g.Connects(ctx)
	i.hold(ctx)
	err = restore()
	return errors.Join(err, g.Await(ctx), i.proved(silent, "it could take no connection"))
}
