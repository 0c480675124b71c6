package replicate

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// childDir, when set, makes the test binary a gateway on its own in that directory, until it is killed.
const childDir = "REPLICATE_TEST_CHILD_DIR"

// aloneIn opens journal and node of a gateway that is a cluster of one. Its Raft log is shortened often.
func aloneIn(dir string) (*journal.Journal, *Node, error) {
	j, err := journal.Open(journal.Options{Dir: filepath.Join(dir, "journal"), SegmentBytes: 256 << 10, ReserveBytes: -1})
	if err != nil {
		return nil, nil, err
	}
	o := Options{ID: "gw-1", Dir: filepath.Join(dir, "cluster"), Members: []Member{{"gw-1", "127.0.0.1:1"}}, SegmentBytes: 64 << 10, ReserveBytes: -1}
	shortLogs(&o)
	n, err := Open(o)
	return j, n, err
}

// replicateUntilKilled prints each number once the replica has it, and with it its place in Raft's log is durable.
func replicateUntilKilled(dir string) {
	giveUp := func(err error) { // never without a word: the parent shows what its child says
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	j, n, err := aloneIn(dir)
	if err != nil {
		giveUp(err)
	}
	go func() {
		giveUp(NewShipper(j, n, ShipperOptions{Linger: -1}).Run(context.Background()))
	}()
	for {
		id, err := j.Append(tapRecord(contract.Stream{}, 0))
		if err != nil {
			giveUp(err)
		}
		for {
			moved := n.Changed()
			if n.Watermark(j.Stream()) >= id.Seq {
				break
			}
			<-moved
		}
		fmt.Println(id.Seq)
	}
}

// A gateway that is killed at any moment opens again by itself, sets nothing aside, and has every record that it had said
// to be replicated, octet for octet.
func TestKilledProcessKeepsItsReplica(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 3 {
		highest := killAfter(t, dir, 10+rng.IntN(50))
		j, n, err := aloneIn(dir)
		if err != nil {
			t.Fatalf("open after the kill: %v", err)
		}
		if got := n.Watermark(j.Stream()); got < highest {
			await(t, fmt.Sprintf("number %d is in the replica", highest), func() bool { return n.Watermark(j.Stream()) >= highest })
		}
		sameRecords(t, j, n)
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
	if aside, _ := filepath.Glob(filepath.Join(dir, "cluster", "damaged-*")); len(aside) > 0 {
		t.Errorf("set aside after a kill: %v", aside)
	}
}

func sameRecords(t *testing.T, j *journal.Journal, n *Node) {
	t.Helper()
	for seq := uint64(1); seq <= n.Watermark(j.Stream()); seq++ {
		want, err := j.Read(seq, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := n.Read(j.Stream(), seq, 1, 1)
		if err != nil || !bytes.Equal(got[0], want[0]) {
			t.Fatalf("record %d of the replica: %v, other than the journal's", seq, err)
		}
	}
}

// killAfter kills a child after it has printed n numbers, and gives the last of them.
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
		if highest, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatalf("child said %q: %v", lines.Text(), err)
		}
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
