package store

import (
	"context"
	"iter"
	"regexp"
	"strings"

	"github.com/pressly/goose/v3"
)

// dialect is everything in which the engines differ. All other code of this package is one text for both.
type dialect struct {
	engine string // as metrics and messages name it
	goose  goose.Dialect
	types  *strings.Replacer // macros of migrations, and of queries that look into a week of marks
	keys   string            // macro {{keys $1}} of queries, with $1 for the parameter

	// alone runs a change of the schema with no other process changing it too.
	alone func(ctx context.Context, s *Store, change func(context.Context) error) error
	// reserve gives a transaction the turn to write, first thing in it. Until it ends no other transaction, of this process
	// or another, writes or believes what it read in order to write.
	reserve func(context.Context, *transaction) error
	// each runs one statement for every row of arguments.
	each func(ctx context.Context, tx *transaction, statement string, rows iter.Seq[[]any]) error
	// watched is the context for a statement that is soon over, of a caller who looks at ctx between statements.
	watched func(context.Context) context.Context

	// thoroughly runs a transaction after which what it deleted cannot be read in the engine's files, as far as the engine can
	// see to that.
	thoroughly func(ctx context.Context, s *Store, change func(context.Context) error) error

	conflict func(error) bool // the transaction was undone because of another one, and may be run again
	busy     func(error) bool // another process kept the turn to write for too long
	taken    func(error) bool // a unique key is in use
}

// keysMacro is a list of identifiers in one parameter, made by the function keys: {{keys $1}} stands for a query over its
// column id.
var keysMacro = regexp.MustCompile(`\{\{keys (\$\d+)\}\}`)

// render turns the text of a query into the engine's.
func (d *dialect) render(query string) string {
	if !strings.Contains(query, "{{") {
		return query
	}
	return keysMacro.ReplaceAllStringFunc(d.types.Replace(query), func(macro string) string {
		return strings.ReplaceAll(d.keys, "$1", keysMacro.FindStringSubmatch(macro)[1])
	})
}
