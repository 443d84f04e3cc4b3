package main

import (
	"fmt"

	"github.com/gotestcohort/cohort/grouping"
)

// labelValue is --label, without an expression if it is not given.
type labelValue struct{ expr *grouping.LabelExpr }

func (v *labelValue) Set(text string) error {
	expr, err := grouping.ParseLabelExpr(text)
	if err != nil {
		return err
	}
	v.expr = expr
	return nil
}

func (v *labelValue) Type() string { return "expression" }

func (v *labelValue) String() string {
	if v.expr == nil {
		return ""
	}
	return v.expr.String()
}

// checkSelection reports that the run cannot leave tests out as the user wants: it would run
// them. why is the argument that makes it such a run.
func (o *options) checkSelection(why string) error {
	if o.run.label.expr == nil {
		return nil
	}
	return fmt.Errorf("--label cannot be used with %s: that run is left to the command, which runs tests of any label", why)
}
