package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/catalogue"
	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// converge waits until every journal is at central and in every replica, every card was fetched from its reader and everybody
// was judged; it notes when that was.
func (l *Lab) converge(ctx context.Context) {
	until := time.Now().Add(convergeIn)
	why := ""
	for time.Now().Before(until) && ctx.Err() == nil {
		at := time.Now()
		if why = l.unequal(ctx); why == "" {
			l.history.Converged = at
			l.o.Say("all is equal after %v", at.Sub(l.history.Mended).Round(100*time.Millisecond))
			return
		}
		sleep(ctx, 300*time.Millisecond)
	}
	l.o.Say("all is not equal after %v: %s", convergeIn, why)
}

// unequal is what is not yet as it must be in the end, "" when nothing.
func (l *Lab) unequal(ctx context.Context) string {
	if n := l.people.Unfetched(); n > 0 {
		return fmt.Sprintf("%d cards wait in readers", n)
	}
	through := map[string]uint64{}
	streams, err := l.site.Central.API.Streams(ctx)
	if err != nil {
		return err.Error()
	}
	for _, s := range streams {
		through[s.ID] = s.Through
	}
	own := map[string]uint64{}
	for _, g := range l.site.Gateways {
		p, err := g.Progress(ctx)
		if err != nil {
			return err.Error()
		}
		if p.Durable == 0 || p.Acknowledged != p.Durable || p.Replicated != p.Durable || through[p.Stream] != p.Durable {
			return fmt.Sprintf("%s: durable %d, replicated %d, acknowledged %d, at central %d", g.Building.ID, p.Durable, p.Replicated, p.Acknowledged, through[p.Stream])
		}
		own[p.Stream] = p.Durable
	}
	for _, g := range l.site.Gateways {
		_, held, err := g.Copies(ctx)
		if err != nil {
			return err.Error()
		}
		for stream, n := range own {
			if held[stream] < n {
				return fmt.Sprintf("the replica of %s holds %d of %d records of %s", g.Building.ID, held[stream], n, stream)
			}
		}
	}
	m, err := l.site.Central.API.Metrics(ctx)
	if err != nil {
		return err.Error()
	}
	if n := m["rollcall_central_judge_dirty_students"]; n != 0 {
		return fmt.Sprintf("%v students are to be judged", n)
	}
	return ""
}

// rooms is when the reader of each room could really be heard: as long as its gateway ran and nothing was wrong with it, its
// disk or its readers.
func (l *Lab) rooms() map[string]history.Room {
	rooms := map[string]history.Room{}
	for _, g := range l.site.Gateways {
		working := []model.Interval{l.vouched}
		for _, life := range l.history.Programs[g.Building.ID] {
			i := model.Interval{From: life.From, To: life.To}
			if i.To.IsZero() {
				i.To = time.Now()
			}
			working = append(working, l.less(i, g.Building.ID)...)
		}
		for _, room := range g.Building.Rooms {
			rooms[room.ID] = history.Room{Working: working}
		}
	}
	return rooms
}

// deafening are the families whose faults can keep a gateway from hearing.
var deafening = map[catalogue.Family]bool{catalogue.Process: true, catalogue.Disk: true, catalogue.Reader: true, catalogue.Time: true, catalogue.Cluster: true}

// less takes the times out in which a fault kept the gateway from hearing.
func (l *Lab) less(i model.Interval, gateway string) []model.Interval {
	left := []model.Interval{i}
	for _, f := range l.history.Faults {
		if !deafening[catalogue.Of(f.Kind).Family] || f.Target != gateway && f.Target != "all" {
			continue
		}
		var next []model.Interval
		for _, k := range left {
			if !f.Over(k.From, k.To) {
				next = append(next, k)
				continue
			}
			if k.From.Before(f.On) {
				next = append(next, model.Interval{From: k.From, To: f.On})
			}
			if f.Off.Before(k.To) {
				next = append(next, model.Interval{From: f.Off, To: k.To})
			}
		}
		left = next
	}
	return left
}

// planted begins the last words of a program that the laboratory had panic; the trace that follows is of one goroutine.
const planted = "panic: failpoint "

// alarming is what no log may hold. A panic that was recovered and named is an error like others.
var alarming = regexp.MustCompile(`^(panic: |fatal error: |WARNING: DATA RACE|goroutine \d+ \[|SIG[A-Z]+: )`)

// panics are the lines of logs that should not be there.
func panics(logs map[string]string) ([]string, error) {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(logs)) {
		f, err := os.Open(logs[name])
		if err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
		lines, err := alarms(f)
		f.Close()
		for _, line := range lines {
			found = append(found, name+": "+line)
		}
		if err != nil {
			return nil, fmt.Errorf("read log of %s: %w", name, err)
		}
	}
	return found, nil
}

// alarms are the alarming lines of a log, but for planted panics.
func alarms(log io.Reader) (found []string, err error) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for excused := false; lines.Scan(); {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, planted):
			excused = true
		case !alarming.MatchString(line):
		case excused && strings.HasPrefix(line, "goroutine "):
			excused = false
		default:
			found = append(found, line)
		}
	}
	return found, lines.Err()
}

// roomsOf are the rooms of a building whose readers have a light.
func roomsOf(b campus.Building) []campus.Room {
	return slices.DeleteFunc(slices.Clone(b.Rooms), func(r campus.Room) bool { return r.Kind == campus.QR || r.Kind == campus.RDM6300 })
}
