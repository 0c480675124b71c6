// Package sample says in a few figures what many measurements came to. It measures nothing.
package sample

import (
	"fmt"
	"slices"
	"time"
)

// Times are measured durations in any order.
type Times []time.Duration

// Quantile is the smallest time that at least the share q of all does not exceed (nearest rank); q is above 0 and at most 1.
// Of no times it is 0.
func (t Times) Quantile(q float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	rank := int(q * float64(len(sorted)))
	if float64(rank) < q*float64(len(sorted)) {
		rank++
	}
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Median is Quantile(0.5).
func (t Times) Median() time.Duration { return t.Quantile(0.5) }

// Median is the middle of v, the lower one of an even number; 0 of none.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(v))[(len(v)-1)/2]
}

// Thousands writes a count with a comma before every three digits.
func Thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
