package system

import (
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	_ "github.com/rollcall-edge/rollcall/central/store" // the driver sqlite
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// The promise of cosignatures: what yesterday ended with is signed by every gateway of the cluster from its own copy, so that whoever
// runs central, and gives a gateway a key of his own, cannot rewrite it: the neighbours refuse and name it, and so does an
// export held against the keys on their pages.
func TestNeighboursHoldCentralToYesterday(t *testing.T) {
	t.Parallel()
	c := open(t, plan{posts: three, clustered: true, classes: classesOfThree()})
	door := room("north", 1)
	for _, p := range people[:3] {
		c.tap("north", door, p, lamp.Green)
	}
	c.awaitLevel()
	north := c.gateways["north"]
	var keys strings.Builder
	for _, g := range c.gateways {
		fmt.Fprintln(&keys, c.awaitSealed(g))
	}
	var stream contract.Stream
	must(t, stream.UnmarshalText([]byte(north.stream())))

	c.withoutCentral(func(db *sql.DB) error {
		_, err := db.Exec(`UPDATE seal SET day = '2026-01-01'`) // the day that ended
		return err
	})
	block := "gateway north, stream " + stream.String()
	c.await("south and west have cosigned what north's day ended with", func() error {
		out, status := c.audited(keys.String())
		_, of, found := strings.Cut(out, block)
		of, _, _ = strings.Cut(of, "\n\n")
		if status != 0 || !found || !strings.Contains(of, "cosigned by") || !strings.Contains(of, "south") || !strings.Contains(of, "west") {
			return fmt.Errorf("verify ends with %d and says of it: %s", status, of)
		}
		return nil
	})

	c.withoutCentral(func(db *sql.DB) error { return rewrite(db, stream) })
	for _, name := range []string{"south", "west"} {
		c.await(name+" refuses the fork and names it", func() error {
			page, err := c.gateways[name].get("/")
			if err == nil && !strings.Contains(page, "gives another root than its gateway signed: gateway north, stream "+stream.String()) {
				err = errors.New("its page does not")
			}
			return err
		})
	}
	if out, status := c.audited(keys.String()); status != 1 || !strings.Contains(out, block) || !strings.Contains(out, "foreign key: not signed by a key that is known of its gateway") {
		t.Errorf("verify of the rewritten history ended with status %d:\n%s", status, out)
	}
}

// withoutCentral stops central, does something to its database, and starts it again.
func (c *campus) withoutCentral(do func(*sql.DB) error) {
	c.t.Helper()
	must(c.t, c.central.Stop())
	db, err := sql.Open("sqlite", filepath.Join(c.dir, "central", "rollcall.db"))
	must(c.t, err)
	must(c.t, errors.Join(do(db), db.Close()))
	c.central.up()
}

// audited exports everything and checks it with these keys.
func (c *campus) audited(keys string) (out string, status int) {
	c.t.Helper()
	dir := c.t.TempDir()
	export, file := filepath.Join(dir, "export.zip"), filepath.Join(dir, "keys")
	must(c.t, os.WriteFile(file, []byte(keys), 0o600))
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	_, complaints, status := execute(c.t.Context(), c.central.Path, "audit", "export", "--config", c.central.config, "--from", day(-1), "--to", day(1), export)
	if status != 0 {
		c.t.Fatalf("audit export ended with status %d: %s", status, complaints)
	}
	out, _, status = execute(c.t.Context(), c.central.Path, "verify", "--keys", file, export)
	return out, status
}

// rewrite puts another record in the place of a stream's first tap, with all that hangs on it: commitment, tree, and a
// checkpoint that a key of the forger's signs in the gateway's name.
func rewrite(db *sql.DB, stream contract.Stream) error {
	var sealed uint64
	if err := db.QueryRow(`SELECT size FROM seal WHERE stream_id = $1 ORDER BY size LIMIT 1`, stream[:]).Scan(&sealed); err != nil {
		return err
	}
	records, err := forge(db, stream, sealed)
	if err != nil {
		return err
	}
	var f tree.Frontier
	for i, octets := range records {
		commitment, err := tree.Commit(octets)
		if err != nil {
			return err
		}
		f.Append(commitment)
		if _, err := db.Exec(`UPDATE record SET octets = $3, commitment = $4 WHERE stream_id = $1 AND seq = $2`, stream[:], i+1, octets, commitment[:]); err != nil {
			return err
		}
	}
	seed := sha256.Sum256([]byte("forger"))
	key := ed25519.NewKeyFromSeed(seed[:])
	note, err := f.At("north", stream).Sign(key)
	if err != nil {
		return err
	}
	if _, err := db.Exec(`UPDATE seal SET note = $2 WHERE stream_id = $1 AND size = $3`, stream[:], note, sealed); err != nil {
		return err
	}
	_, err = db.Exec(`INSERT INTO gateway_key (gateway_id, checkpoint_key, since) VALUES ('north', $1, $2)`, []byte(key.Public().(ed25519.PublicKey)), time.Now().UnixMilli())
	return err
}

// forge reads the records of a stream up to one and moves the first tap among them to another door.
func forge(db *sql.DB, stream contract.Stream, last uint64) (records [][]byte, err error) {
	rows, err := db.Query(`SELECT octets FROM record WHERE stream_id = $1 AND seq <= $2 ORDER BY seq`, stream[:], last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	forged := false
	for rows.Next() {
		var octets []byte
		if err := rows.Scan(&octets); err != nil {
			return nil, err
		}
		r, err := contract.DecodeRecord(octets)
		if err != nil {
			return nil, err
		}
		if r.Tap != nil && !forged {
			forged, r.Tap.Point = true, point(room("north", 2))
			if octets, err = contract.AppendRecord(nil, r); err != nil {
				return nil, err
			}
		}
		records = append(records, octets)
	}
	if !forged {
		return nil, errors.New("there is no tap to forge")
	}
	return records, rows.Err()
}
