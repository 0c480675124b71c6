package store

import (
	"context"
	"fmt"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// BenchmarkIngest stores full batches of one stream in a database on disk, each durable before the next is begun. Every
// second card belongs to one of 250 students, who become dirty. No batch has a checkpoint.
func BenchmarkIngest(b *testing.B) {
	onEngine(b, func(b *testing.B) { benchmarkIngest(b, func(*contract.Batch) {}) })
}

// BenchmarkIngestSealed is BenchmarkIngest with a checkpoint in every batch: the tree is grown from the rows, and the seal kept.
func BenchmarkIngestSealed(b *testing.B) {
	onEngine(b, func(b *testing.B) {
		a := &author{name: "gw-a", stream: streamA, key: keyOf("gw-a")}
		benchmarkIngest(b, func(batch *contract.Batch) { a.follow(b, batch) })
	})
}

func benchmarkIngest(b *testing.B, sign func(*contract.Batch)) {
	d := newDoor(b)
	newAuthor(b, d.store, "gw-a", streamA)
	for i := range 250 {
		student, digest := fmt.Sprintf("s%d", i), contract.DigestOf([]byte("campus"), fmt.Sprintf("w26:1:%d", 2*i))
		d.exec(b, `INSERT INTO student (id, name) VALUES ($1, '')`, student)
		d.exec(b, `INSERT INTO card (digest, student_id) VALUES ($1, $2)`, digest[:], student)
	}
	batches := 0
	for b.Loop() {
		b.StopTimer()
		records := taps(1, contract.MaxBatchRecords) // the same cards again
		batch := batchOf(b, streamA, uint64(batches*contract.MaxBatchRecords+1), records...)
		sign(&batch)
		b.StartTimer()
		receipt, err := d.intake.Ingest(context.Background(), "gw-a", batch)
		if err != nil {
			b.Fatal(err)
		}
		if signed := len(batch.Checkpoint) > 0; signed != (receipt.Sealed == receipt.Through) {
			b.Fatalf("signed %v, sealed to %d of %d", signed, receipt.Sealed, receipt.Through)
		}
		batches++
	}
	b.ReportMetric(float64(batches*contract.MaxBatchRecords)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkIngestKnown takes in a batch that is there already, as after a lost answer.
func BenchmarkIngestKnown(b *testing.B) { onEngine(b, benchmarkIngestKnown) }

func benchmarkIngestKnown(b *testing.B) {
	d := newDoor(b)
	batch := batchOf(b, streamA, 1, taps(1, contract.MaxBatchRecords)...)
	for b.Loop() {
		if _, err := d.intake.Ingest(context.Background(), "gw-a", batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*contract.MaxBatchRecords)/b.Elapsed().Seconds(), "rows/s")
}
