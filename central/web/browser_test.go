package web

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/rollcall-edge/rollcall/central/account"
)

// window is a real browser and what it complained of.
type window struct {
	t    *testing.T
	ctx  context.Context
	base string
	dir  string

	mu         sync.Mutex // guards everything that follows
	complaints []string
}

// openWindow starts Chromium with a profile of its own.
func openWindow(t *testing.T, base string) *window {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("this test looks at the pages in a real browser: apt-get install chromium (%v)", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
	}
	for _, name := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(name, true))
	}
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(ctx)
	t.Cleanup(leave)
	w := &window{t: t, ctx: ctx, base: base, dir: t.ArtifactDir()}
	if err := chromedp.Listen(ctx, w.hear); err != nil {
		t.Fatal(err)
	}
	return w
}

// hear keeps what the browser says is wrong: refused by the policy, thrown by a script, written to the console, not found.
func (w *window) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *cdplog.EventEntryAdded:
		w.complaints = append(w.complaints, fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
	case *runtime.EventExceptionThrown:
		w.complaints = append(w.complaints, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		w.complaints = append(w.complaints, fmt.Sprintf("console.%s", e.Type))
	}
}

func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, steps...); err != nil {
		w.t.Fatal(err)
	}
}

func evaluate[T any](w *window, script string) T {
	w.t.Helper()
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// look sets the size of the window and the theme.
func (w *window) look(width, height int64, scheme string) {
	w.t.Helper()
	w.do(chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// open goes to a page and waits for its letters.
func (w *window) open(path string) {
	w.t.Helper()
	w.do(chromedp.Navigate(w.base+path), chromedp.WaitReady(chromedp.CSS("main")))
	_, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](`document.fonts.ready.then(() => document.fonts.check("15px Inter"))`, chromedp.EvalAwaitPromise))
	if err != nil {
		w.t.Fatal(err)
	}
}

// keep saves a picture of the whole page.
func (w *window) keep(name string) {
	w.t.Helper()
	picture, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, name+".png"), picture, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *window) quiet() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, complaint := range w.complaints {
		w.t.Errorf("the browser complains: %s", complaint)
	}
	w.complaints = nil
}

// logIn goes the way of somebody's first day: one-time password, own password, first page.
func (w *window) logIn(p *person) {
	w.t.Helper()
	w.open("/engagement")
	if at := evaluate[string](w, "location.pathname + location.search"); at != "/login?next=%2Fengagement" {
		w.t.Fatalf("a stranger is at %s, want /login", at)
	}
	w.keep("login")
	w.do(chromedp.SendKeys(chromedp.ID("login"), p.login), chromedp.SendKeys(chromedp.ID("password"), p.password+"\r"), chromedp.WaitReady(chromedp.ID("chosen")))
	own := "a quiet row of words"
	w.do(chromedp.SendKeys(chromedp.ID("present"), p.password), chromedp.SendKeys(chromedp.ID("chosen"), own),
		chromedp.SendKeys(chromedp.ID("again"), own+"\r"), chromedp.WaitReady(chromedp.ID("live-taps")))
}

var picturesOf = []struct{ name, path string }{
	{"today", "/"}, {"engagement", "/engagement"}, {"student", "/students/s1"}, {"findings", "/findings"}, {"register", "/registers/e6"}, {"register-over", "/registers/e2"},
	{"registers", "/registers?week=2026-11-16"}, {"sheet", "/registers/e2/sheet"}, {"headcounts", "/headcounts"}, {"tap", "/taps/" + tapID(17)}, {"policies", "/policies"}, {"gateways", "/gateways"}, {"coverage", "/coverage"}, {"accounts", "/accounts"},
	{"password", "/password"}, {"refusal", "/students/s999"},
}

func TestBrowserShowsEveryPage(t *testing.T) {
	c := openCampus(t, nil)
	w := openWindow(t, c.server.URL)
	w.look(1440, 1000, "light")
	w.logIn(c.newcomer(t, account.Admin))
	w.quiet()
	for _, view := range []struct {
		name, scheme  string
		width, height int64
	}{{"light", "light", 1440, 1000}, {"dark", "dark", 1440, 1000}, {"phone", "light", 390, 844}} {
		w.look(view.width, view.height, view.scheme)
		for _, p := range picturesOf {
			w.open(p.path)
			w.keep(p.name + "-" + view.name)
			if over := evaluate[int](w, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
				t.Errorf("%s is %d pixels wider than a window of %d", p.path, over, view.width)
			}
			if p.name == "refusal" {
				w.forget("404")
			}
			w.quiet()
			if faint := evaluate[[]string](w, contrast); len(faint) > 0 {
				t.Errorf("%s, %s: too little contrast: %s", p.path, view.name, strings.Join(faint, "; "))
			}
		}
	}
}

// forget drops the complaints a test asked for.
func (w *window) forget(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var rest []string
	for _, complaint := range w.complaints {
		if !strings.Contains(complaint, text) {
			rest = append(rest, complaint)
		}
	}
	w.complaints = rest
}

// contrast lists texts whose contrast with what is behind them is below that of WCAG 2.2, success criterion 1.4.3.
const contrast = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
	const light = (c) => [0, 1, 2].map((i) => c[i] / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
	const found = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
		if (!text || !e.checkVisibility() || e.closest("svg,option,.hidden,.skip")) continue;
		const style = getComputedStyle(e), a = light(rgba(style.color)), b = light(behind(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
		if (ratio < (large ? 3 : 4.5)) found.add(text.slice(0, 30) + " " + ratio.toFixed(2));
	}
	return [...found];
})()`

// A tap that arrives is seen without a touch of the page.
func TestBrowserShowsTapsAsTheyCome(t *testing.T) {
	c := openCampus(t, nil)
	w := openWindow(t, c.server.URL)
	w.look(1440, 1000, "light")
	w.logIn(c.newcomer(t, account.Compliance))
	c.hearTap(tapID(77))
	script := fmt.Sprintf(`document.getElementById("live-taps").innerHTML.includes("%s")`, tapID(77))
	if _, err := chromedp.Run(w.ctx, chromedp.Poll[bool](script)); err != nil {
		t.Fatalf("the tap was not shown: %v", err)
	}
	if words := evaluate[string](w, `document.getElementById("live-state").textContent`); words != "Live" {
		t.Errorf("state = %q, want Live", words)
	}
	w.quiet()
}

// Without scripts the pages do the same.
func TestBrowserWithoutScripts(t *testing.T) {
	c := openCampus(t, nil)
	w := openWindow(t, c.server.URL)
	w.look(1440, 1000, "light")
	w.do(func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return chromedp.Void{}, err
	})
	p := c.newcomer(t, account.Compliance)
	w.do(chromedp.Navigate(w.base+"/login"), chromedp.SendKeys(chromedp.ID("login"), p.login), chromedp.SendKeys(chromedp.ID("password"), p.password+"\r"), chromedp.WaitReady(chromedp.ID("chosen")))
	own := "a quiet row of words"
	w.do(chromedp.SendKeys(chromedp.ID("present"), p.password), chromedp.SendKeys(chromedp.ID("chosen"), own), chromedp.SendKeys(chromedp.ID("again"), own+"\r"), chromedp.WaitReady(chromedp.ID("live-taps")))
	w.do(chromedp.Navigate(w.base+"/engagement"), chromedp.SendKeys(chromedp.ID("q"), "Aisha\r"), chromedp.WaitReady(chromedp.CSS(`#q[value="Aisha"]`)))
	if at, err := chromedp.Run(w.ctx, chromedp.Location()); err != nil || !strings.Contains(at, "q=Aisha") {
		t.Errorf("search without scripts leads to %s, %v", at, err)
	}
	w.quiet()
}
