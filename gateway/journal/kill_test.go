package journal

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// childDir, when set, makes the test binary a child that appends to that directory until it is killed.
const childDir = "JOURNAL_TEST_CHILD_DIR"

// appendUntilKilled prints each number after Append has returned it, from several goroutines at once.
func appendUntilKilled(dir string) {
	l, err := OpenLog(LogOptions{Dir: dir, SegmentBytes: minSegment, ReserveBytes: -1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				seq, err := l.AppendFunc(1, func(first uint64, dst [][]byte) error {
					dst[0] = numbered(first)
					return nil
				})
				if err != nil {
					os.Exit(1)
				}
				out.Lock()
				fmt.Println(seq)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

// numbered is a payload that proves under which number it was written.
func numbered(seq uint64) []byte { return fmt.Appendf(nil, "record %d", seq) }

func TestKilledProcessLosesNoAcknowledgedRecord(t *testing.T) {
	dir := t.TempDir()
	for round := range 5 {
		highest := killAfter(t, dir, 300+100*round)
		l := openLog(t, LogOptions{Dir: dir, SegmentBytes: minSegment, ReserveBytes: -1})
		if l.Last() < highest {
			t.Fatalf("Last = %d after the kill, %d was acknowledged", l.Last(), highest)
		}
		checkNumbered(t, l)
		closeLog(t, l)
	}
}

// killAfter kills a child after it has acknowledged n appends and gives the highest number it acknowledged.
func killAfter(t *testing.T, dir string, n int) (highest uint64) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		seq, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil {
			t.Fatalf("child said %q: %v", lines.Text(), err)
		}
		highest = max(highest, seq)
		if i == n {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil {
		t.Fatal("child ended by itself")
	}
	return highest
}

func TestSecondInstanceIsRefusedByName(t *testing.T) {
	o := LogOptions{Dir: t.TempDir(), ReserveBytes: -1}
	l := openLog(t, o)
	defer closeLog(t, l)
	_, err := OpenLog(o)
	if want := fmt.Sprintf("process %d", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("second OpenLog = %v, want an error naming %q", err, want)
	}
	checkIs(t, err, ErrLocked)
}
