// Package proof checks, without a database and without trust in central, that nothing of a stream is missing, altered or
// added: an export of a span of days, or one tap for one student. It also writes both, from a Source. It knows no student
// and judges no attendance. DESIGN.md says what is proven, and what is not.
package proof
