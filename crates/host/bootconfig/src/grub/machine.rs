//! Runs a script of GRUB's as far as its outcome can be known: both ways where a condition is not.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::lexer::Word;
use super::menu::{Item, Kind};
use super::scope::{LONGEST, Scope};
use super::script::{Block, Statement, parse};
use crate::entry::Entry;
use crate::surroundings::Surroundings;
use hostconfig::Source;
use hostconfig::{Place, Traced, Unknown};

/// Most statements and bytes of values that are worked through. A configuration of a thousand entries takes a tenth.
const BUDGET: usize = 16 << 20;

/// What a statement costs beside the bytes of memory that its words take.
const STATEMENT: usize = 256;

/// Most functions and files inside each other.
const DEEPEST: usize = 20;

/// What a command ended with; `None` where that is not known.
pub(super) type Status = Option<bool>;

/// What is left out of what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// Nothing.
    Next,
    /// The rest of so many loops.
    Break(usize),
    /// The rest of this round of the loop that is so many outside.
    Continue(usize),
    /// The rest of the function.
    Return,
    /// Everything: another configuration, or the end of GRUB.
    End,
}

pub(super) struct Machine<'f> {
    pub(super) files: &'f dyn Surroundings,
    /// The device of the configuration; `None` on a host, where devices are not known.
    pub(super) own: Option<String>,
    /// Devices that are files, by their names in the script.
    pub(super) loops: BTreeMap<String, String>,
    pub(super) scope: Scope,
    pub(super) functions: BTreeMap<String, Block>,
    /// The menu that is being made.
    pub(super) menu: Vec<Item>,
    /// The entry whose commands are being run.
    pub(super) entry: Option<Entry>,
    pub(super) doubts: Vec<Unknown>,
    /// Why what is being run may not be.
    pub(super) unsure: Option<Unknown>,
    /// What is not run of what follows.
    pub(super) flow: Flow,
    /// How many loops and functions are being run inside each other.
    pub(super) loops_open: usize,
    pub(super) functions_open: usize,
    /// The command that is being run.
    at: Option<Place>,
    budget: usize,
    depth: usize,
}

impl<'f> Machine<'f> {
    pub(super) fn new(files: &'f dyn Surroundings) -> Self {
        Machine {
            files,
            own: files.own_device().ok(),
            loops: BTreeMap::new(),
            scope: Scope::default(),
            functions: BTreeMap::new(),
            menu: Vec::new(),
            entry: None,
            doubts: Vec::new(),
            unsure: None,
            flow: Flow::Next,
            loops_open: 0,
            functions_open: 0,
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

    /// Runs a file's script, which GRUB calls `path`. Its `config_file` and `config_directory` hold while it runs.
    pub(super) fn run_file(&mut self, source: &Source, path: &str) {
        let (statements, mistake) = parse(source);
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let place = source.place(error::Position::START);
        let own = [("config_file", path), ("config_directory", directory)];
        let mut before = Vec::new();
        for (name, value) in own {
            before.push((name, self.scope.get(name).cloned()));
            self.scope.set(name, Traced::at(value, place.clone()));
            self.scope.export(name);
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
            if self.flow != Flow::Next || !self.spend(STATEMENT) {
                return status;
            }
            status = self.statement(statement);
        }
        status
    }

    /// Whether there is budget for `cost` more.
    pub(super) fn spend(&mut self, cost: usize) -> bool {
        if self.budget == 0 {
            return false;
        }
        self.budget = self.budget.saturating_sub(cost);
        if self.budget == 0 {
            self.doubt(Unknown::new("the script does more than is looked at"));
        }
        true
    }

    /// Whether everything has been spent.
    pub(super) fn is_spent(&self) -> bool {
        self.budget == 0
    }

    fn statement(&mut self, statement: &Statement) -> Status {
        match statement {
            Statement::Command { words, block } => {
                let status = self.command(words, block.as_ref());
                self.scope.status = status;
                status
            }
            Statement::If {
                branches,
                otherwise,
            } => self.branch(branches, otherwise),
            Statement::For { name, words, body } => self.for_each(name, words, body),
            Statement::Loop {
                place,
                goes_on,
                condition,
                body,
            } => self.repeat(place, *goes_on, condition, body),
            Statement::Function { name, body } => {
                self.functions.insert(name.clone(), body.clone());
                Some(true)
            }
        }
    }

    /// The words with the values of variables and the names of files put in.
    pub(super) fn expand(&mut self, words: &[Word]) -> Vec<Traced> {
        let mut fields = Vec::new();
        if let Some(first) = words.first() {
            self.at = Some(first.place.clone());
        }
        for word in words {
            let more = self.scope.expand(word);
            let cost = more.iter().map(|field| field.text.weight()).sum();
            if !self.spend(cost) {
                break;
            }
            for field in more {
                if field.has_wildcard {
                    fields.extend(self.names_like(field.text));
                } else {
                    fields.push(field.text);
                }
            }
        }
        fields
    }

    fn command(&mut self, words: &[Word], block: Option<&Block>) -> Status {
        let mut fields = self.expand(words);
        let is_inverted = fields.first().is_some_and(|first| *first == "!");
        if is_inverted {
            fields.remove(0);
        }
        let status = self.simple_command(words.first()?.place.clone(), &fields, block);
        status.map(|is_good| is_good != is_inverted)
    }

    fn simple_command(&mut self, place: Place, fields: &[Traced], block: Option<&Block>) -> Status {
        let Some((name, arguments)) = fields.split_first() else {
            return Some(true);
        };
        let name = match name.known() {
            Ok(name) => name,
            Err(unknown) => {
                self.doubt(unknown);
                return None;
            }
        };
        // A command wins over a function of the same name.
        if let Some(status) = self.built_in(name, &place, arguments, block) {
            return status;
        }
        if let Some(status) = self.load(name, &place, arguments) {
            return status;
        }
        if let Some(body) = self.functions.get(name).cloned() {
            return self.call(&body, arguments);
        }
        if name.contains('=') {
            return self.set(&fields[0]);
        }
        self.other(name)
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
        let mut value = field.slice(text.len() - value.len(), text.len());
        if value.weight() > LONGEST {
            let longest = error::amount(LONGEST as u64);
            self.doubt(Unknown::new(format!(
                "the variable '{name}' is longer than {longest}"
            )));
        }
        let inside = value.as_str().len().saturating_sub(1);
        if name == "root" && value.as_str().starts_with('(') && value.as_str().ends_with(')') {
            value = value.slice(1, inside);
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
            is_hidden: false,
            is_restricted: false,
        });
    }
}
