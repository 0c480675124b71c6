package demo

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
)

// banner says where to look and what to try.
func (d *Demo) banner() {
	var b strings.Builder
	fmt.Fprintf(&b, "\n  central     http://%s/   log in as %s with the one-time password %s\n", site.PagesAddress, d.login[0], d.login[1])
	fmt.Fprintf(&b, "              (it was printed once, at the very first start; if you have chosen your own since, use that)\n")
	for _, g := range campus.Buildings {
		fmt.Fprintf(&b, "  gateway %d   http://%s/   %s, %d rooms; figures under /metrics\n", g.Number, site.StatusAddress(g.Number), g.Name, len(g.Rooms))
	}
	fmt.Fprintf(&b, "  logs        %s\n\n", filepath.Join(d.here(), "log"))
	if d.o.For == 0 {
		d.suggestions(&b)
	}
	d.screen.say("%s", strings.TrimRight(b.String(), "\n")+"\n")
}

func (d *Demo) suggestions(b *strings.Builder) {
	fmt.Fprintf(b, "  Three things to try:\n")
	fmt.Fprintf(b, "  1. Open a class on http://%s/ and watch students come in; follow one to the taps behind every mark.\n", site.PagesAddress)
	fmt.Fprintf(b, "  2. Kill a gateway without warning (kill -9 %d) and look at the other two; it is started again, and nothing is missing.\n", d.site.Gateways[1].PID())
	fmt.Fprintf(b, "  3. curl -H \"Authorization: Bearer $(cat %s)\" http://%s/engagement.csv\n", filepath.Join(d.here(), "token"), site.PagesAddress)
	fmt.Fprintf(b, "  Ctrl-C stops everything.\n")
}

// here is the campus's directory as a person in the present directory would write it.
func (d *Demo) here() string {
	present, err := filepath.Abs(".")
	if err != nil {
		return d.o.Dir
	}
	if near, err := filepath.Rel(present, d.o.Dir); err == nil && !strings.HasPrefix(near, "..") {
		return near
	}
	return d.o.Dir
}
