//! What is run, and how often: conditions, loops, functions.

use super::lexer::Word;
use super::machine::{Flow, Machine, Status};
use super::scope::Scope;
use super::script::{Block, Statement};
use hostconfig::{Place, Traced, Unknown};

impl Machine<'_> {
    pub(super) fn branch(
        &mut self,
        branches: &[(Vec<Statement>, Vec<Statement>)],
        otherwise: &[Statement],
    ) -> Status {
        let Some(((condition, body), rest)) = branches.split_first() else {
            return self.run(otherwise);
        };
        match self.run(condition) {
            Some(true) => self.run(body),
            Some(false) => self.branch(rest, otherwise),
            None => {
                let reason = condition_unknown(condition);
                let before = self.scope.clone();
                self.unsurely(&reason, |machine| machine.run(body));
                let after = std::mem::replace(&mut self.scope, before);
                self.unsurely(&reason, |machine| machine.branch(rest, otherwise));
                self.merge(after, &reason);
                None
            }
        }
    }

    /// Runs what may not be run at all, or more than once.
    fn perhaps(&mut self, reason: &Unknown, body: &[Statement]) -> Status {
        let before = self.scope.clone();
        self.unsurely(reason, |machine| machine.run(body));
        self.merge(before, reason);
        None
    }

    fn unsurely(&mut self, reason: &Unknown, run: impl FnOnce(&mut Self) -> Status) {
        let unsure = self.unsure.clone();
        self.unsure.get_or_insert(reason.clone());
        run(self);
        self.unsure = unsure;
        if std::mem::replace(&mut self.flow, Flow::Next) != Flow::Next {
            self.doubt(reason.clone());
        }
    }

    fn merge(&mut self, other: Scope, reason: &Unknown) {
        if let Some(place) = &reason.place {
            let scope = std::mem::take(&mut self.scope);
            self.scope = scope.merged(other, place);
        }
    }

    pub(super) fn for_each(&mut self, name: &Word, words: &[Word], body: &[Statement]) -> Status {
        let values: Vec<Traced> = self.expand(words);
        let name = name.plain().unwrap_or_default();
        let mut status = Some(true);
        for value in values {
            let is_known = value.known().is_ok();
            let place = value.place().cloned();
            self.scope.set(name, value);
            if !is_known {
                let why = "what a loop goes over is known only when GRUB runs";
                let reason = Unknown {
                    place,
                    ..Unknown::new(why)
                };
                status = self.perhaps(&reason, body);
                continue;
            }
            self.loops_open += 1;
            status = self.run(body);
            self.loops_open -= 1;
            if self.leaves_loop() {
                break;
            }
        }
        status
    }

    /// `while` and `until`: the body is run as long as the condition is `goes_on`.
    pub(super) fn repeat(
        &mut self,
        place: &Place,
        goes_on: bool,
        condition: &[Statement],
        body: &[Statement],
    ) -> Status {
        let mut status = Some(true);
        while !self.is_spent() {
            match self.run(condition) {
                Some(holds) if holds == goes_on => {
                    self.loops_open += 1;
                    status = self.run(body);
                    self.loops_open -= 1;
                }
                Some(_) => break,
                None => {
                    let why = "what a loop does is known only when GRUB runs";
                    return self.perhaps(&Unknown::new(why).at(place.clone()), body);
                }
            }
            if self.leaves_loop() {
                break;
            }
        }
        status
    }

    /// Whether the loop whose body has been run ends; takes its part of `break` and `continue`.
    fn leaves_loop(&mut self) -> bool {
        let (leaves, flow) = match self.flow {
            Flow::Next => (false, Flow::Next),
            Flow::Break(0 | 1) => (true, Flow::Next),
            Flow::Break(loops) => (true, Flow::Break(loops - 1)),
            Flow::Continue(0 | 1) => (false, Flow::Next),
            Flow::Continue(loops) => (true, Flow::Continue(loops - 1)),
            flow => (true, flow),
        };
        self.flow = flow;
        leaves
    }

    pub(super) fn call(&mut self, body: &Block, arguments: &[Traced]) -> Status {
        self.deeper(|machine| {
            let before = std::mem::replace(&mut machine.scope.arguments, arguments.into());
            machine.functions_open += 1;
            let status = machine.run(body);
            machine.functions_open -= 1;
            machine.scope.arguments = before;
            if machine.flow != Flow::End {
                machine.flow = Flow::Next;
            }
            status
        })
    }
}

fn condition_unknown(condition: &[Statement]) -> Unknown {
    let place = condition
        .iter()
        .rev()
        .find_map(|statement| match statement {
            Statement::Command { words, .. } => words.first().map(|word| word.place.clone()),
            _ => None,
        });
    Unknown {
        place,
        ..Unknown::new("a condition is known only when GRUB runs")
    }
}
