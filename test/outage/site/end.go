package site

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
	_ "modernc.org/sqlite" // reads central's database beside central's own code

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// Ask reads from central, while it runs, what it tells of taps stamped between two moments, and of the registers of sessions.
func (s *Site) Ask(ctx context.Context, end *history.End, from, to time.Time, sessions []model.Session) error {
	streams, err := s.Central.API.Streams(ctx)
	if err != nil {
		return err
	}
	end.Streams = map[string]history.Stream{}
	for _, st := range streams {
		end.Streams[st.ID] = history.Stream{Owner: st.Owner, Through: st.Through, Quarantined: st.Quarantined}
	}
	end.Marks = map[model.Key]string{}
	for _, session := range sessions {
		rows, err := s.Central.API.Register(ctx, session.ID)
		if err != nil {
			return err
		}
		for _, r := range rows {
			end.Marks[model.Key{Student: r.Student, Session: session.ID}] = r.Mark.Code
		}
	}
	taps, err := s.Central.API.Taps(ctx, from, to)
	if err != nil {
		return err
	}
	for _, t := range taps {
		stream, number, _ := strings.Cut(t.ID, "/")
		seq, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return fmt.Errorf("read taps: %q is no number of a tap", t.ID)
		}
		end.Taps = append(end.Taps, history.Tap{
			Stream: stream, Seq: seq, At: t.At, Point: t.Point, Nonce: t.Digest, Green: t.Outcome == "accepted" || t.Outcome == "duplicate",
		})
	}
	return nil
}

// ReadDisks reads what lies on the disks of programs that have stopped. Central's database and the replicas are read by other
// code than the product's.
func (s *Site) ReadDisks(ctx context.Context, end *history.End) (err error) {
	database, err := s.ashore(s.Central.machine, s.Central.Data())
	if err != nil {
		return err
	}
	if end.Central, err = readDatabase(ctx, filepath.Join(database, "rollcall.db")); err != nil {
		return err
	}
	end.Replicas, end.Journals = map[string]map[string][]history.Record{}, map[string]history.Journal{}
	for _, g := range s.Gateways {
		name := g.Building.ID
		replica, err := s.ashore(g.machine, filepath.Join(g.Data(), "cluster", "replica"))
		if err != nil {
			return err
		}
		if end.Replicas[name], err = readReplica(replica); err != nil {
			return err
		}
		if end.Journals[name], err = readJournal(filepath.Join(g.Data(), "journal")); err != nil {
			return err
		}
	}
	return nil
}

// ashore is where a folder of a machine may be read by what maps files into memory: a copy, if it lies on a card, which this very
// process serves and must therefore never wait for in the middle of an instruction.
func (s *Site) ashore(m machine, dir string) (string, error) {
	if m.Card == nil {
		return dir, nil
	}
	name, err := filepath.Rel(m.Card.Dir(), dir)
	if err != nil {
		return "", err
	}
	to := filepath.Join(s.o.Dir, "ashore", m.Host, name)
	return to, m.Card.Export(name, to)
}

func digestOf(octets []byte) string {
	sum := sha256.Sum256(octets)
	return hex.EncodeToString(sum[:12])
}

// readDatabase reads all records by stream.
func readDatabase(ctx context.Context, path string) (_ map[string][]history.Record, err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return nil, fmt.Errorf("read central's database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, "SELECT stream_id, seq, octets FROM record ORDER BY stream_id, seq")
	if err != nil {
		return nil, fmt.Errorf("read central's database: %w", err)
	}
	defer rows.Close()
	streams := map[string][]history.Record{}
	for rows.Next() {
		var stream, octets []byte
		var seq uint64
		if err := rows.Scan(&stream, &seq, &octets); err != nil {
			return nil, fmt.Errorf("read central's database: %w", err)
		}
		name := hex.EncodeToString(stream)
		streams[name] = append(streams[name], history.Record{Seq: seq, Digest: digestOf(octets)})
	}
	return streams, rows.Err()
}

// readReplica reads all records of a replica: keys are t/<stream 8><number 8>.
func readReplica(dir string) (_ map[string][]history.Record, err error) {
	db, err := badger.Open(badger.DefaultOptions(dir).WithLogger(nil))
	if err != nil {
		return nil, fmt.Errorf("read replica in %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	streams := map[string][]history.Record{}
	err = db.View(func(txn *badger.Txn) error {
		prefix := []byte("t/")
		it := txn.NewIterator(badger.IteratorOptions{Prefix: prefix, PrefetchValues: true, PrefetchSize: 256})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			key := it.Item().Key()
			if len(key) != len(prefix)+16 {
				return fmt.Errorf("a key of %d octets", len(key))
			}
			if err := it.Item().Value(func(octets []byte) error {
				name := hex.EncodeToString(key[2:10])
				streams[name] = append(streams[name], history.Record{Seq: binary.BigEndian.Uint64(key[10:]), Digest: digestOf(octets)})
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read replica in %s: %w", dir, err)
	}
	return streams, nil
}

// readJournal reads a gateway's own journal. Its format is read by nobody else, so this is the product's code.
func readJournal(dir string) (_ history.Journal, err error) {
	var held history.Journal
	err = EachRecord(dir, func(r contract.Record, octets []byte) {
		held.Stream = r.ID.Stream.String()
		held.Records = append(held.Records, history.Record{Seq: r.ID.Seq, Digest: digestOf(octets)})
	})
	return held, err
}

// EachRecord goes through the journal in dir, whose gateway must have stopped.
func EachRecord(dir string, yield func(r contract.Record, octets []byte)) (err error) {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	j, err := journal.Open(journal.Options{Dir: dir, ReserveBytes: -1})
	if err != nil {
		return fmt.Errorf("read journal in %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	const step = 500
	for first := uint64(1); first <= j.Durable(); {
		octets, err := j.Read(first, step, step*contract.MaxRecord)
		if err != nil {
			return fmt.Errorf("read journal in %s: %w", dir, err)
		}
		for _, b := range octets {
			r, err := contract.DecodeRecord(b)
			if err != nil {
				return fmt.Errorf("read journal in %s: %w", dir, err)
			}
			yield(r, b)
		}
		first += uint64(len(octets))
	}
	return nil
}
