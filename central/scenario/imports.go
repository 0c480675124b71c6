package scenario

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

func (w *world) importPolicy(ctx context.Context, s *Step) error {
	if !s.Policy.isSet() {
		return nil
	}
	text, err := s.Policy.text(w.dir())
	if err != nil {
		return err
	}
	p, err := w.central.Policies.Import(ctx, s.Policy.name(), text, "scenario")
	if err != nil {
		return err
	}
	w.published = calendar.Day{}
	w.story.tell(w.now, "policy %s is imported; it applies from %s", p.ID(), p.From)
	return nil
}

func (w *world) importFiles(ctx context.Context, s *Step) error {
	for _, i := range s.Import {
		if err := w.importFile(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) importFile(ctx context.Context, i Import) error {
	text := []byte(i.Text)
	if i.File != "" {
		var err error
		if text, err = os.ReadFile(filepath.Join(w.dir(), i.File)); err != nil {
			return fmt.Errorf("read import: %w", err)
		}
	}
	o := central.ImportOptions{Actor: "scenario", Force: i.Force, DateFormat: i.DateFormat, Mode: i.Mode}
	var err error
	if i.Through.isSet() {
		if o.Through, err = i.Through.last(calendar.DayOf(w.now)); err != nil {
			return err
		}
	}
	if i.Since.isSet() {
		if o.Since, err = i.Since.on(calendar.DayOf(w.now)); err != nil {
			return err
		}
	}
	diff, err := w.central.Import(ctx, i.Kind, bytes.NewReader(text), o)
	if err != nil {
		return err
	}
	w.published = calendar.Day{}
	w.story.tell(w.now, "import of %s: %d added, %d changed, %d removed, %d unchanged", i.Kind, diff.Added, diff.Changed, diff.Removed, diff.Unchanged)
	return nil
}

func (w *world) changeCards(ctx context.Context, s *Step) error {
	for _, c := range s.Cards {
		key := c.Card
		if key == "" {
			key = w.keys[c.Student][0]
		}
		row := []string{w.number(c.Student), key, dayOrNone(c.From), dayOrNone(c.To), "active"}
		if c.Blocked {
			row[4] = "blocked"
		}
		if err := w.take(ctx, timetable.Cards, cardSheet([][]string{row})); err != nil {
			return err
		}
		for holder, keys := range w.keys { // a card has one holder
			w.keys[holder] = slices.DeleteFunc(keys, func(k string) bool { return k == key && holder != c.Student })
		}
		if !slices.Contains(w.keys[c.Student], key) {
			w.keys[c.Student] = append(w.keys[c.Student], key)
		}
		w.story.tell(w.now, "card %s of %s: %s", key, c.Student, row[4])
	}
	return nil
}

func dayOrNone(d calendar.Day) string {
	if d == (calendar.Day{}) {
		return ""
	}
	return d.String()
}

// card is the key of what somebody holds to a reader: their first card, or the card itself as in "card w26:7:12".
func (w *world) card(who string) (string, error) {
	if isCard(who) {
		return strings.TrimPrefix(who, cardPrefix), nil
	}
	if keys := w.keys[who]; len(keys) > 0 {
		return keys[0], nil
	}
	return "", fmt.Errorf("%s has no card to tap with; give one under people, or write: card w26:7:12 at …", who)
}

// cardPrefix is before a card that a tap names by its key.
const cardPrefix = "card "

func isCard(who string) bool { return strings.HasPrefix(who, cardPrefix) }
