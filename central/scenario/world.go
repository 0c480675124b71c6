package scenario

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/timetable"
	"github.com/rollcall-edge/rollcall/config"
)

// world is a campus while a scenario is played: central, a gateway in each building, and a clock.
type world struct {
	*File
	central   *central.Rehearsal
	buildings map[string]*building
	keys      map[string][]string // cards by holder
	digests   map[string]contract.Digest
	plan      plan
	visits    []planned   // still to come
	moments   []time.Time // still to come, at which central is to judge
	published calendar.Day
	now       time.Time
	story     story
}

// openWorld makes the campus and imports what the scenario says of it.
func openWorld(ctx context.Context, f *File, dir, database string, s story) (*world, error) {
	plan, err := f.plan()
	if err != nil {
		return nil, err
	}
	text, err := f.Policy.text(f.dir())
	if err != nil {
		return nil, err
	}
	w := &world{File: f, plan: plan, keys: f.cards(), digests: map[string]contract.Digest{}, buildings: map[string]*building{}, story: s}
	if w.now, err = f.start(plan); err != nil {
		return nil, err
	}
	cfg := &config.Central{Data: dir, Database: database}
	w.central, err = central.OpenRehearsal(ctx, cfg, central.Options{
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now }, Policy: text,
	})
	if err != nil {
		return nil, err
	}
	for i, name := range slices.Sorted(maps.Keys(f.Places)) {
		w.buildings[name] = newBuilding(name, i, f.points(), w.now)
	}
	if err := w.furnish(ctx); err != nil {
		return nil, errors.Join(err, w.central.Close())
	}
	return w, nil
}

// furnish imports the sections of the file.
func (w *world) furnish(ctx context.Context) error {
	for _, s := range []struct {
		kind  timetable.Kind
		sheet []byte
		some  bool
	}{
		{timetable.Terms, w.termsSheet(), len(w.Terms) > 0}, {timetable.Holidays, w.holidaysSheet(), len(w.Holidays) > 0},
		{timetable.Rooms, w.roomsSheet(), len(w.Places) > 0},
		{timetable.Students, w.studentsSheet(), len(w.People) > 0}, {timetable.Cards, w.cardsSheet(), len(w.keys) > 0},
		{timetable.Sessions, w.sessionsSheet(w.plan), len(w.plan) > 0},
	} {
		if !s.some {
			continue
		}
		if err := w.take(ctx, s.kind, s.sheet); err != nil {
			return fmt.Errorf("the file's own %s: %w", s.kind, err)
		}
	}
	return w.look(ctx)
}

// start is the first moment: as the file says, or the beginning of the day on which something happens first.
func (f *File) start(p plan) (time.Time, error) {
	if f.Starts.isSet() {
		return f.Starts.on(calendar.Day{})
	}
	first, err := f.Steps[0].At.on(calendar.Day{})
	if err != nil {
		return time.Time{}, err
	}
	if len(p) > 0 && p[0].starts.Before(first) {
		first = p[0].starts
	}
	return calendar.DayOf(first).Starts().UTC(), nil
}

// take imports a sheet that the scenario itself made; what it takes away is meant.
func (w *world) take(ctx context.Context, kind timetable.Kind, sheet []byte) error {
	_, err := w.central.Importer.Import(ctx, kind, bytes.NewReader(sheet), timetable.Options{Actor: "scenario", Force: true})
	w.published = calendar.Day{}
	return err
}

// look finds out at which moments to come central is to judge: on each day when its last register has closed and its last
// class has ended. A serving central judges sooner, but what it concludes has the date of the class, not of the judging.
func (w *world) look(ctx context.Context) error {
	w.visits = slices.DeleteFunc(w.File.visits(w.plan), func(v planned) bool { return v.at.Before(w.now) })
	last := map[calendar.Day]time.Time{}
	const year = 366 * 24 * time.Hour
	for from := w.now; ; from = from.Add(year) {
		sessions, err := w.central.Reports.Sessions(ctx, report.SessionQuery{From: from, To: from.Add(year)})
		if err != nil {
			return err
		}
		if len(sessions) == 0 {
			break
		}
		for _, s := range sessions {
			over := later(s.ClosesAt, s.EndsAt).Add(time.Millisecond) // windows are closed intervals
			day := calendar.DayOf(s.EndsAt)
			last[day] = later(last[day], over)
		}
	}
	w.moments = slices.SortedFunc(maps.Values(last), time.Time.Compare)
	w.passed()
	return nil
}

// passed drops the moments that are over.
func (w *world) passed() {
	w.moments = slices.DeleteFunc(w.moments, func(t time.Time) bool { return !t.After(w.now) })
}

// advance lets time pass: those who attend tap, gateways report, and central judges.
func (w *world) advance(ctx context.Context, to time.Time) error {
	for len(w.moments) > 0 && w.moments[0].Before(to) {
		next := w.moments[0]
		if err := w.visit(ctx, next); err != nil {
			return err
		}
		w.now = next
		w.passed()
		if err := w.settle(ctx); err != nil {
			return err
		}
	}
	err := w.visit(ctx, to)
	w.now = to
	return err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// visit plays the taps of those who attend that come before a moment.
func (w *world) visit(ctx context.Context, before time.Time) error {
	for len(w.visits) > 0 && w.visits[0].at.Before(before) {
		v := w.visits[0]
		w.visits = w.visits[1:]
		w.now = v.at
		if v.session.cancelled || len(v.session.rooms) == 0 {
			continue
		}
		light, err := w.tap(ctx, Tap{cards: []string{v.who}, place: v.session.rooms[0]})
		if err != nil {
			return err
		}
		w.story.tell(w.now, "%s taps for %s: %s", v.who, v.session.id, light)
	}
	return nil
}

// settle brings central up to the present moment.
func (w *world) settle(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(w.buildings)) {
		if err := w.report(ctx, w.buildings[name]); err != nil {
			return err
		}
	}
	if err := w.central.Settle(ctx); err != nil {
		return fmt.Errorf("judge at %s: %w", shownTime(w.now), err)
	}
	return nil
}

// report is what a gateway does every minute: it says how its readers are, and delivers what it has.
func (w *world) report(ctx context.Context, b *building) error {
	if err := b.beat(w.now); err != nil {
		return err
	}
	return b.deliver(ctx, w.central.Intake)
}

// publish gives every building that can be reached the timetable of the day.
func (w *world) publish(ctx context.Context) error {
	today := calendar.DayOf(w.now)
	if w.published == today {
		return nil
	}
	if err := w.central.Timetables.Publish(ctx); err != nil {
		return err
	}
	for name, b := range w.buildings {
		if b.silent {
			continue
		}
		have := uint64(0)
		if b.index != nil {
			have = b.index.Version()
		}
		p, err := w.central.Timetables.Wait(ctx, name, have, 0)
		if errors.Is(err, timetable.ErrUnchanged) {
			continue
		}
		if err != nil {
			return err
		}
		if err := b.take(p.Document); err != nil {
			return err
		}
	}
	w.published = today
	return nil
}

// tap holds cards to a reader at the present moment.
func (w *world) tap(ctx context.Context, t Tap) (Light, error) {
	if err := w.publish(ctx); err != nil {
		return Light{}, err
	}
	points := w.at(t.place)
	cards := make([]contract.Digest, len(t.cards))
	for i, who := range t.cards {
		key, err := w.card(who)
		if err != nil {
			return Light{}, err
		}
		cards[i] = contract.DigestOf(w.central.CampusKey(), key)
	}
	return w.buildings[points[0].building].tap(points[0].id, cards, w.now)
}
