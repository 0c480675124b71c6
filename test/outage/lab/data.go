package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/outage/traffic"
	"github.com/rollcall-edge/rollcall/test/outage/wire"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

var dataFaults = map[int]method{
	74: {lane: centralAndGateway, lasts: time.Second, short: true, do: listedLater},
	75: {lane: centralAndGateway, needs: onSwitch, lasts: 4 * time.Second, do: movedWhileOffline},
	76: {lane: centralAndGateway, lasts: time.Second, short: true, do: cardLater},
	77: {lane: centralAndGateway, lasts: time.Second, short: true, do: timetableDamaged},
}

// publishedWithin is how long a change may take to the doors of a building that is connected, on a machine that others use too.
const publishedWithin = 45 * time.Second

// class is a session that is on for the rest of the run, with students of its own.
func (l *Lab) class(id string, room campus.Room, students ...string) model.Session {
	main := l.roster.Sessions[0]
	return model.Session{ID: id, Room: room.ID, Start: main.Start, End: main.End, Students: students}
}

// add makes a class part of what the model knows.
func (l *Lab) add(s model.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.extra = append(l.extra, s)
}

// guest makes up a student whom nobody knows.
func (i *injury) guest(room campus.Room) traffic.Visit {
	i.lab.mu.Lock()
	defer i.lab.mu.Unlock()
	i.lab.guests++
	return i.lab.roster.Guest(fmt.Sprintf("guest-%02d-%03d", i.kind.Number, i.lab.guests), room)
}

// tell takes files in at central and waits until the building's gateway has a timetable made since.
func (i *injury) tell(ctx context.Context, files ...campus.File) error {
	before := i.timetable(ctx)
	for _, f := range files {
		i.lab.mu.Lock()
		err := i.lab.site.Central.Import(ctx, f)
		i.lab.mu.Unlock()
		if err != nil {
			return err
		}
	}
	if !await(ctx, publishedWithin, func() bool { return i.timetable(ctx) > before }) {
		return fmt.Errorf("gateway %s has no new timetable after %v", i.gateway.Building.ID, publishedWithin)
	}
	return nil
}

// timetable is the version that the gateway judges by.
func (i *injury) timetable(ctx context.Context) float64 {
	m, err := i.gateway.Metrics(ctx)
	if err != nil {
		return 0
	}
	return m["rollcall_gateway_timetable_version"]
}

// listedLater adds a class with a new student while people tap; the student then taps.
func listedLater(ctx context.Context, i *injury) error {
	room := i.litRoom()
	v := i.guest(room)
	s := i.lab.class("added-"+v.Student, room, v.Student)
	name := v.Student + ".csv"
	err := i.tell(ctx, traffic.Students("s-"+name, []string{v.Student}), traffic.Cards("c-"+name, [][2]string{{v.Student, v.Key}}), traffic.Timetable("t-"+name, []model.Session{s}))
	if err != nil {
		return err
	}
	i.lab.add(s)
	seen, ok := i.lab.people.Guest(ctx, v)
	return i.proved(ok && seen.Light.Promises(), "a student of the new class saw %s", seen.Light)
}

// cardLater lets a student tap with a card that is bound to them only afterwards.
func cardLater(ctx context.Context, i *injury) error {
	room := i.litRoom()
	v := i.guest(room)
	s := i.lab.class("card-"+v.Student, room, v.Student)
	name := v.Student + ".csv"
	if err := i.tell(ctx, traffic.Students("s-"+name, []string{v.Student}), traffic.Timetable("t-"+name, []model.Session{s})); err != nil {
		return err
	}
	i.lab.add(s)
	v.Expect = history.Red
	seen, ok := i.lab.people.Guest(ctx, v)
	i.lab.mu.Lock()
	err := i.lab.site.Central.Import(ctx, traffic.Cards("c-"+name, [][2]string{{v.Student, v.Key}}))
	i.lab.mu.Unlock()
	return errors.Join(err, i.proved(ok && seen.Light == history.Red, "the card was unknown and saw %s, and was bound afterwards", seen.Light))
}

// movedWhileOffline moves a class into a building that does not hear of it; its students tap there.
func movedWhileOffline(ctx context.Context, i *injury) error {
	l := i.lab
	room, old := i.litRoom(), roomsOf(i.peers()[0].Building)[0]
	v := i.guest(room)
	s := l.class("moved-"+v.Student, old, v.Student)
	name := v.Student + ".csv"
	err := i.tell(ctx, traffic.Students("s-"+name, []string{v.Student}), traffic.Cards("c-"+name, [][2]string{{v.Student, v.Key}}), traffic.Timetable("t-"+name, []model.Session{s}),
		traffic.Timetable("u-"+name, []model.Session{l.class("here-"+v.Student, room, v.Student)})) // so that this gateway hears of the student
	if err != nil {
		return err
	}
	if err := i.heardTime(ctx); err != nil {
		return err
	}
	net := l.site.Net
	net.Around(i.host(), wire.Impairment{Cut: true})
	s.Room = room.ID
	l.mu.Lock()
	err = l.site.Central.Import(ctx, traffic.Timetable("m-"+name, []model.Session{s}))
	l.mu.Unlock()
	l.add(s)
	l.add(l.class("here-"+v.Student, room, v.Student))
	first, ok := l.people.Guest(ctx, v)
	i.hold(ctx)
	net.Around(i.host(), wire.Impairment{})
	return errors.Join(err, i.proved(ok && first.Light.Promises(), "a student of the moved class saw %s in a building that had not heard of it", first.Light))
}

// heardTime waits until central has acknowledged something that the gateway kept since: with the receipt comes the time. Where two
// registers are open, as here, a tap whose time is in doubt is no mark.
func (i *injury) heardTime(ctx context.Context) error {
	before, err := i.gateway.Progress(ctx)
	if err != nil {
		return err
	}
	if !await(ctx, publishedWithin, func() bool {
		now, err := i.gateway.Progress(ctx)
		return err == nil && now.Acknowledged > before.Durable
	}) {
		return fmt.Errorf("central acknowledged nothing new of %s within %v", i.gateway.Building.ID, publishedWithin)
	}
	return nil
}

// timetableDamaged spoils the timetable that a gateway keeps, while it is off.
func timetableDamaged(ctx context.Context, i *injury) error {
	g := i.gateway
	if err := g.Process.Hold(); err != nil {
		return err
	}
	path := filepath.Join(g.Data(), "timetable")
	whole, err := os.ReadFile(path)
	if err != nil {
		return errors.Join(fmt.Errorf("spoil timetable: %w", err), g.Process.Resume())
	}
	spoilt := bytes.Clone(whole)
	spoilt[i.chance.IntN(len(spoilt))] ^= 0x10
	err = errors.Join(os.WriteFile(path, spoilt, 0o600), g.Process.Resume(), g.Await(ctx))
	fresh := await(ctx, publishedWithin, func() bool {
		now, err := os.ReadFile(path)
		return err == nil && !bytes.Equal(now, spoilt)
	})
	return errors.Join(err, i.proved(fresh, "one bit of %d octets was wrong, and a whole one was fetched", len(spoilt)))
}
