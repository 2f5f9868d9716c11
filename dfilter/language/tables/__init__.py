"""The parse tables of each dialect, generated from the grammar by `python -m dfilter.language.grammar`.

In: nothing.  Out: one module a dialect, plain data only:

- TERMINALS: (name, pattern) in the order in which a lexer tries them
- RULES: (nonterminal, action, number of symbols); the action is "" where a single value is handed through
- ACTIONS: for each state, terminal -> next state (shift) or ~rule (reduce)
- GOTOS: for each state, nonterminal -> next state
- START, END: the first state, and the one in which `$END` is accepted
"""
