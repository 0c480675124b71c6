package cuts

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// In the environment of a process that is to own a store: which, and where.
const (
	storeVariable = "ROLLCALL_CUTS_STORE"
	dirVariable   = "ROLLCALL_CUTS_DIR"
)

// Serve turns this process into the owner of a store, if Run started it for that, and does not return then. Whoever calls Run
// calls it first thing in main. The store needs a process of its own: Badger maps its files, and a process that waits for a
// page of the card can not at the same time be the one that serves the card.
func Serve(stores map[string]Open) {
	name := os.Getenv(storeVariable)
	if name == "" {
		return
	}
	if err := own(stores[name], os.Getenv(dirVariable)); err != nil {
		fmt.Println("failed", err) //nolint:forbidigo // the protocol with Run
		os.Exit(1)
	}
	os.Exit(0)
}

// own obeys Run until it closes the pipe: "write N" puts records by N writers from now on, "put N" puts record N, "records"
// lists all. The answers are "opened", "promised N", "record N", "listed" and "failed" with the reason.
func own(open Open, dir string) error {
	if open == nil {
		return errors.New("no such store")
	}
	s, err := open(dir)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	say := &speaker{to: os.Stdout}
	say.line("opened")
	w := &writers{store: s, say: say, done: make(chan struct{})}
	for orders := bufio.NewScanner(os.Stdin); err == nil && orders.Scan(); {
		err = w.obey(orders.Text())
	}
	return errors.Join(err, w.stop(), s.Close())
}

// speaker writes whole lines from any goroutine.
type speaker struct {
	mu sync.Mutex
	to io.Writer
}

func (s *speaker) line(words ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintln(s.to, words...) // nobody to tell
}

// writers put records for as long as they run.
type writers struct {
	store Store
	say   *speaker
	work  sync.WaitGroup
	done  chan struct{}

	mu     sync.Mutex // guards everything that follows
	next   uint64
	failed error
}

func (w *writers) obey(order string) error {
	var n uint64
	word, number, _ := strings.Cut(order, " ")
	_, _ = fmt.Sscan(number, &n)
	switch word {
	case "write":
		for range n {
			w.work.Go(w.write)
		}
		return nil
	case "put":
		return w.put(n)
	case "records":
		return w.list()
	}
	return fmt.Errorf("order %q", order)
}

func (w *writers) write() {
	for {
		select {
		case <-w.done:
			return
		default:
		}
		if err := w.put(w.number()); err != nil {
			w.mu.Lock()
			w.failed = errors.Join(w.failed, err)
			w.mu.Unlock()
			return
		}
	}
}

func (w *writers) number() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	return w.next
}

func (w *writers) put(record uint64) error {
	if err := w.store.Put(record); err != nil {
		return fmt.Errorf("put record %d: %w", record, err)
	}
	w.say.line("promised", record)
	return nil
}

func (w *writers) list() error {
	records, err := w.store.Records()
	if err != nil {
		return fmt.Errorf("list records: %w", err)
	}
	for _, record := range records {
		w.say.line("record", record)
	}
	w.say.line("listed")
	return nil
}

func (w *writers) stop() error {
	close(w.done)
	w.work.Wait()
	return w.failed
}

// owner is a process that owns a store, as Run sees it.
type owner struct {
	cmd    *exec.Cmd
	orders io.WriteCloser
	spoke  sync.WaitGroup

	mu       sync.Mutex // guards everything that follows
	changed  *sync.Cond
	opened   bool
	listed   bool
	ended    bool
	failed   string
	promised []uint64
	records  []uint64
}

// begin starts the owner of a store. It opens it meanwhile.
func begin(ctx context.Context, name, dir string) (*owner, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("begin store: %w", err)
	}
	o := &owner{cmd: exec.CommandContext(ctx, self)} //nolint:gosec // this very program
	o.changed = sync.NewCond(&o.mu)
	o.cmd.Env = append(os.Environ(), storeVariable+"="+name, dirVariable+"="+dir)
	o.cmd.Stderr = os.Stderr
	if o.orders, err = o.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("begin store: %w", err)
	}
	answers, err := o.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("begin store: %w", err)
	}
	if err := o.cmd.Start(); err != nil {
		return nil, fmt.Errorf("begin store: %w", err)
	}
	o.spoke.Go(func() { o.listen(answers) })
	return o, nil
}

func (o *owner) listen(answers io.Reader) {
	for lines := bufio.NewScanner(answers); lines.Scan(); {
		o.hear(lines.Text())
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.changed.Broadcast()
}

func (o *owner) hear(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.changed.Broadcast()
	var n uint64
	word, rest, _ := strings.Cut(line, " ")
	_, _ = fmt.Sscan(rest, &n)
	switch word {
	case "opened":
		o.opened = true
	case "promised":
		o.promised = append(o.promised, n)
	case "record":
		o.records = append(o.records, n)
	case "listed":
		o.listed = true
	case "failed":
		o.failed = rest
	}
}

func (o *owner) order(format string, args ...any) {
	_, _ = fmt.Fprintf(o.orders, format+"\n", args...) // who has ended does not answer, and that is seen
}

// await waits for a state, which is asked with mu held; the error is why the store has ended before.
func (o *owner) await(ready func() bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !ready() && !o.ended {
		o.changed.Wait()
	}
	if ready() {
		return nil
	}
	return fmt.Errorf("the store ended: %s", o.failed)
}

func (o *owner) awaitOpen() error { return o.await(func() bool { return o.opened }) }

// put puts so many records from first on and waits for their promises.
func (o *owner) put(first, n uint64) error {
	want := len(o.promises())
	for k := range n {
		o.order("put %d", first+k)
		want++
	}
	return o.await(func() bool { return len(o.promised) >= want })
}

// list is all that the store holds.
func (o *owner) list() ([]uint64, error) {
	o.order("records")
	if err := o.await(func() bool { return o.listed }); err != nil {
		return nil, err
	}
	return o.records, nil
}

// promises are what has been promised so far.
func (o *owner) promises() []uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]uint64(nil), o.promised...)
}

// end lets the store close and its process end.
func (o *owner) end() error {
	_ = o.orders.Close()
	o.spoke.Wait()
	if err := o.cmd.Wait(); err != nil {
		return fmt.Errorf("the store ended: %w: %s", err, o.failed)
	}
	return nil
}
