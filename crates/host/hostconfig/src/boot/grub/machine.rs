//! Runs a script of GRUB's as far as its outcome can be known: both ways where a condition is not.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::lexer::Word;
use super::menu::{Item, Kind};
use super::scope::{LONGEST, Scope};
use super::script::{Block, Statement, parse};
use crate::boot::entry::Entry;
use crate::source::Source;
use crate::surroundings::Surroundings;
use crate::traced::{Place, Traced, Unknown};

/// Most statements and bytes of values that are worked through. A configuration of a thousand entries takes a tenth.
const BUDGET: usize = 16 << 20;

/// What a statement costs beside the bytes of memory that its words take.
const STATEMENT: usize = 256;

/// Most functions and files inside each other.
const DEEPEST: usize = 20;

/// What a command ended with; `None` where that is not known.
pub(super) type Status = Option<bool>;

pub(super) struct Machine<'f> {
    pub(super) files: &'f dyn Surroundings,
    pub(super) scope: Scope,
    functions: BTreeMap<String, Block>,
    /// The menu that is being made.
    pub(super) menu: Vec<Item>,
    /// The entry whose commands are being run.
    pub(super) entry: Option<Entry>,
    pub(super) doubts: Vec<Unknown>,
    /// Why what is being run may not be.
    pub(super) unsure: Option<Unknown>,
    /// Whether the rest is not run: `return`, `exit`, another configuration.
    pub(super) has_ended: bool,
    /// The command that is being run.
    at: Option<Place>,
    budget: usize,
    depth: usize,
}

impl<'f> Machine<'f> {
    pub(super) fn new(files: &'f dyn Surroundings) -> Self {
        Machine {
            files,
            scope: Scope::default(),
            functions: BTreeMap::new(),
            menu: Vec::new(),
            entry: None,
            doubts: Vec::new(),
            unsure: None,
            has_ended: false,
            at: None,
            budget: BUDGET,
            depth: 0,
        }
    }

    /// Something that makes all that follows uncertain, at the command that is being run unless it has a place.
    pub(super) fn doubt(&mut self, mut doubt: Unknown) {
        doubt.place = doubt.place.or_else(|| self.at.clone());
        if let Some(entry) = &mut self.entry {
            entry.doubt(doubt.clone());
        }
        doubt.add_to(&mut self.doubts);
    }

    /// Runs a file's script. Its `config_file` and `config_directory` hold while it runs.
    pub(super) fn run_file(&mut self, source: &Source) {
        let (statements, mistake) = parse(source);
        let path = source.file.to_string_lossy().into_owned();
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let place = source.place(error::Position::START);
        let own = [
            ("config_file", path.as_str()),
            ("config_directory", directory),
        ];
        let mut before = Vec::new();
        for (name, value) in own {
            before.push((name, self.scope.get(name).cloned()));
            self.scope.set(name, Traced::at(value, place.clone()));
        }
        self.run(&statements);
        for (name, value) in before.into_iter() {
            if let Some(value) = value {
                self.scope.set(name, value);
            }
        }
        if let Some(mistake) = mistake {
            self.doubt(mistake);
        }
    }

    /// Runs statements, and returns what the last one ended with.
    pub(super) fn run(&mut self, statements: &[Statement]) -> Status {
        let mut status = Some(true);
        for statement in statements {
            if self.has_ended || !self.spend(STATEMENT) {
                return None;
            }
            status = self.statement(statement);
        }
        status
    }

    /// Whether there is budget for `cost` more.
    fn spend(&mut self, cost: usize) -> bool {
        if self.budget == 0 {
            return false;
        }
        self.budget = self.budget.saturating_sub(cost);
        if self.budget == 0 {
            self.doubt(Unknown::new("the script does more than is looked at"));
        }
        true
    }

    fn statement(&mut self, statement: &Statement) -> Status {
        match statement {
            Statement::Command { words, block } => self.command(words, block.as_ref()),
            Statement::If {
                branches,
                otherwise,
            } => self.branch(branches, otherwise),
            Statement::For { name, words, body } => self.for_each(name, words, body),
            Statement::Loop { place, body } => {
                let why = "what a loop does is known only when GRUB runs";
                let reason = Unknown::new(why).at(place.clone());
                self.perhaps(&reason, body)
            }
            Statement::Function { name, body } => {
                self.functions.insert(name.clone(), body.clone());
                Some(true)
            }
        }
    }

    fn branch(
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
        if std::mem::take(&mut self.has_ended) {
            self.doubt(reason.clone());
        }
    }

    fn merge(&mut self, other: Scope, reason: &Unknown) {
        if let Some(place) = &reason.place {
            let scope = std::mem::take(&mut self.scope);
            self.scope = scope.merged(other, place);
        }
    }

    fn for_each(&mut self, name: &Word, words: &[Word], body: &[Statement]) -> Status {
        let values: Vec<Traced> = self.expand(words);
        let name = name.plain().unwrap_or_default();
        let mut status = Some(true);
        for value in values {
            if value.as_str().contains('*') || value.known().is_err() {
                let why = "what a loop goes over is known only when GRUB runs";
                let place = value.place().cloned();
                self.scope.set(name, value);
                let reason = Unknown {
                    place,
                    ..Unknown::new(why)
                };
                self.perhaps(&reason, body);
                status = None;
                continue;
            }
            self.scope.set(name, value);
            status = self.run(body);
        }
        status
    }

    fn expand(&mut self, words: &[Word]) -> Vec<Traced> {
        let mut fields = Vec::new();
        if let Some(first) = words.first() {
            self.at = Some(first.place.clone());
        }
        for word in words {
            let more = self.scope.expand(word);
            let cost = more.iter().map(Traced::weight).sum();
            if !self.spend(cost) {
                break;
            }
            fields.extend(more);
        }
        fields
    }

    fn command(&mut self, words: &[Word], block: Option<&Block>) -> Status {
        let fields = self.expand(words);
        let Some((name, arguments)) = fields.split_first() else {
            return Some(true);
        };
        let place = words.first().map(|word| word.place.clone())?;
        let name = match name.known() {
            Ok(name) => name,
            Err(unknown) => {
                self.doubt(unknown);
                return None;
            }
        };
        if let Some(status) = self.built_in(name, &place, arguments, block) {
            return status;
        }
        if let Some(body) = self.functions.get(name).cloned() {
            return self.call(&body, arguments);
        }
        if let Some(status) = self.load(name, &place, arguments) {
            return status;
        }
        if arguments.is_empty() && name.contains('=') {
            return self.set(&fields[0]);
        }
        // A command that changes neither the menu nor a variable; what it ends with only it knows.
        None
    }

    fn call(&mut self, body: &Block, arguments: &[Traced]) -> Status {
        self.deeper(|machine| {
            let before = std::mem::replace(&mut machine.scope.arguments, arguments.into());
            let status = machine.run(body);
            machine.scope.arguments = before;
            machine.has_ended = false;
            status
        })
    }

    /// Runs a function or a file, unless there are too many inside each other.
    pub(super) fn deeper(&mut self, run: impl FnOnce(&mut Self) -> Status) -> Status {
        if self.depth == DEEPEST {
            let text = format!("more than {DEEPEST} functions or files inside each other");
            self.doubt(Unknown::new(text));
            return None;
        }
        self.depth += 1;
        let status = run(self);
        self.depth -= 1;
        status
    }

    /// Sets a variable to what `NAME=VALUE` says.
    pub(super) fn set(&mut self, field: &Traced) -> Status {
        let text = field.as_str();
        let Some((name, value)) = text.split_once('=') else {
            return Some(true);
        };
        let value = field.slice(text.len() - value.len(), text.len());
        if value.weight() > LONGEST {
            let longest = error::amount(LONGEST as u64);
            self.doubt(Unknown::new(format!(
                "the variable '{name}' is longer than {longest}"
            )));
        }
        self.scope.set(name, value);
        Some(true)
    }

    /// Adds an item to the menu, doubtful where what is being run is.
    pub(super) fn add(&mut self, title: Traced, id: Option<Traced>, place: Place, kind: Kind) {
        self.menu.push(Item {
            title,
            id,
            place,
            kind,
            doubt: self.unsure.clone(),
            arguments: Rc::from([]),
        });
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
