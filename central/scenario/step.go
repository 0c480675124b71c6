package scenario

import (
	"context"
	"errors"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// done is what came of a step: the lights of its taps, and why the product refused what it wants.
type done struct {
	lights  map[string]Light // by tap as it is written
	refused error
}

// act does what a step wants, in the order of its keys in the reference. The first refusal ends it.
func (w *world) act(ctx context.Context, s *Step) (done, error) {
	d := done{lights: map[string]Light{}}
	acts := []func(context.Context, *Step) error{
		w.breakDown, w.setClocks, w.importPolicy, w.importFiles, w.changeCards, w.changeLists, w.cancelSessions, w.reinstate, w.move, w.addAbsences, w.addFacts,
	}
	for _, act := range acts {
		if err := act(ctx, s); err != nil {
			return w.refused(d, err)
		}
	}
	if s.changesPlan() {
		if err := w.look(ctx); err != nil {
			return d, err
		}
	}
	for _, t := range s.Taps {
		light, err := w.tap(ctx, t)
		if err != nil {
			return d, err
		}
		d.lights[t.text] = light
		w.story.tell(w.now, "%s: %s", t.text, light)
	}
	for _, act := range []func(context.Context, *Step) error{w.amend, w.countHeads, w.closeRegisters} {
		if err := act(ctx, s); err != nil {
			return w.refused(d, err)
		}
	}
	return d, nil
}

// refused keeps a refusal for the expectations; that the scenario is stopped from outside is none.
func (w *world) refused(d done, err error) (done, error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return d, err
	}
	w.story.tell(w.now, "refused: %v", err)
	d.refused = err
	return d, nil
}

// changesPlan reports whether sessions or their windows may be others now.
func (s *Step) changesPlan() bool {
	return s.Policy.isSet() || len(s.Import)+len(s.Lists)+len(s.Cancel)+len(s.Reinstate)+len(s.Move) > 0
}

// breakDown is what happens to buildings and readers. A gateway that is heard of again delivers all it kept, and fetches the
// timetable.
func (w *world) breakDown(ctx context.Context, s *Step) error {
	for _, name := range s.Silent {
		if err := w.publish(ctx); err != nil { // what it knows when the line goes dead
			return err
		}
		if err := w.report(ctx, w.buildings[name]); err != nil {
			return err
		}
		w.buildings[name].silent = true
		w.story.tell(w.now, "%s falls silent", name)
	}
	for _, name := range s.HeardAgain {
		w.buildings[name].silent = false
		w.published = calendar.Day{}
		w.story.tell(w.now, "%s is heard again; %d records arrive", name, len(w.buildings[name].kept))
	}
	for _, place := range s.Broken {
		if err := w.setUp(place, false); err != nil {
			return err
		}
	}
	for _, place := range s.Mended {
		if err := w.setUp(place, true); err != nil {
			return err
		}
	}
	return nil
}

// setClocks is what happens to gateways' clocks.
func (w *world) setClocks(_ context.Context, s *Step) error {
	for _, c := range s.Clocks {
		shows := w.now
		if !c.Right {
			var err error
			if shows, err = c.Shows.on(calendar.DayOf(w.now)); err != nil {
				return err
			}
		}
		if err := w.buildings[c.Building].setClock(c, shows, w.now); err != nil {
			return err
		}
		w.story.tell(w.now, "the clock of %s shows %s from now on", c.Building, shownTime(shows))
	}
	return nil
}

func (w *world) setUp(place string, up bool) error {
	for _, p := range w.at(place) {
		if err := w.buildings[p.building].setUp(p.id, up, w.now); err != nil {
			return err
		}
		w.story.tell(w.now, "the reader %s %s", p.id, map[bool]string{true: "works again", false: "stops working"}[up])
	}
	return nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
