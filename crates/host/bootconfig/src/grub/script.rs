//! GRUB's script as a tree (grub-core/script/parser.y).

use std::rc::Rc;

use error::Position;

use super::lexer::{Lexer, Token, Word};
use hostconfig::Source;
use hostconfig::{Place, Unknown};

/// Statements that are run later, or more than once.
pub(super) type Block = Rc<[Statement]>;

/// Most levels of blocks inside each other.
const DEEPEST: usize = 40;
/// Branches of one `if`; each takes a piece of the stack where it is not known which is taken.
const BRANCHES: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// A command with its words, and the block behind them: menuentry, submenu and their like.
    Command {
        words: Vec<Word>,
        block: Option<Block>,
    },
    If {
        /// Conditions and what is done under them, in their order.
        branches: Vec<(Vec<Statement>, Vec<Statement>)>,
        otherwise: Vec<Statement>,
    },
    For {
        name: Word,
        words: Vec<Word>,
        body: Vec<Statement>,
    },
    /// `while` and `until`.
    Loop {
        place: Place,
        /// What the condition must be for the body to be run again: false for `until`.
        goes_on: bool,
        condition: Vec<Statement>,
        body: Vec<Statement>,
    },
    Function {
        name: String,
        body: Block,
    },
}

/// The statements of a script up to the first mistake in it, and the mistake.
pub(super) fn parse(source: &Source) -> (Vec<Statement>, Option<Unknown>) {
    let mut parser = Parser {
        source,
        lexer: Lexer::new(source),
        ahead: None,
        depth: 0,
    };
    let mut statements = Vec::new();
    let mistake = parser.statements(&mut statements, &[]).err();
    let at_end = mistake.is_some() || parser.is_at_end();
    let mistake = mistake.or_else(|| (!at_end).then(|| parser.mistake("unexpected token")));
    (statements, mistake)
}

struct Parser<'s> {
    source: &'s Source,
    lexer: Lexer<'s>,
    ahead: Option<Token>,
    depth: usize,
}

type Parsed<T> = Result<T, Unknown>;

impl Parser<'_> {
    fn mistake(&self, what: &str) -> Unknown {
        self.mistake_at(what, self.lexer.position())
    }

    fn mistake_at(&self, what: &str, position: Position) -> Unknown {
        Unknown::new(format!("syntax error: {what}")).at(self.source.place(position))
    }

    fn peek(&mut self) -> Parsed<Option<&Token>> {
        if self.ahead.is_none() {
            let next = self.lexer.next();
            self.ahead = next.map_err(|open| self.mistake_at("quote without an end", open))?;
        }
        Ok(self.ahead.as_ref())
    }

    fn next(&mut self) -> Parsed<Option<Token>> {
        self.peek()?;
        Ok(self.ahead.take())
    }

    fn is_at_end(&mut self) -> bool {
        matches!(self.peek(), Ok(None))
    }

    /// The keyword that is next, if one of the language is.
    fn keyword(&mut self) -> Parsed<Option<String>> {
        let Some(Token::Word(word)) = self.peek()? else {
            return Ok(None);
        };
        Ok(word.plain().map(str::to_owned))
    }

    /// Reads statements up to the end, a closing brace or one of the keywords `until`.
    fn statements(&mut self, into: &mut Vec<Statement>, until: &[&str]) -> Parsed<()> {
        if self.depth == DEEPEST {
            return Err(self.mistake(&format!("more than {DEEPEST} blocks inside each other")));
        }
        self.depth += 1;
        loop {
            match self.peek()? {
                None | Some(Token::Close) => break,
                Some(Token::End) => _ = self.next()?,
                Some(Token::Open) => self.group(into)?,
                Some(Token::Reserved(char)) => {
                    let what = format!("'{char}' is reserved");
                    return Err(self.mistake(&what));
                }
                Some(Token::Word(word)) => {
                    if word.plain().is_some_and(|word| until.contains(&word)) {
                        break;
                    }
                    let statement = self.statement()?;
                    into.push(statement);
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// `{ … }` where a command could be.
    fn group(&mut self, into: &mut Vec<Statement>) -> Parsed<()> {
        let block = self.block()?;
        into.extend(block.iter().cloned());
        Ok(())
    }

    fn block(&mut self) -> Parsed<Block> {
        self.next()?;
        let mut block = Vec::new();
        self.statements(&mut block, &[])?;
        match self.next()? {
            Some(Token::Close) => Ok(block.into()),
            _ => Err(self.mistake("'{' without '}'")),
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let position = self.lexer.position();
        match self.keyword()?.as_deref() {
            Some("if") => self.branch(),
            Some("for") => self.for_loop(),
            Some(word @ ("while" | "until")) => {
                let goes_on = word == "while";
                self.next()?;
                Ok(Statement::Loop {
                    place: self.source.place(position),
                    goes_on,
                    condition: self.until("do")?,
                    body: self.until("done")?,
                })
            }
            Some("function") => self.function(),
            Some(word @ ("then" | "else" | "elif" | "fi" | "do" | "done" | "in")) => {
                let what = format!("'{word}' is not expected here");
                Err(self.mistake(&what))
            }
            _ => self.command(),
        }
    }

    /// The statements up to `keyword`, which is taken.
    fn until(&mut self, keyword: &str) -> Parsed<Vec<Statement>> {
        let mut body = Vec::new();
        self.statements(&mut body, &[keyword])?;
        self.expect(keyword)?;
        Ok(body)
    }

    fn expect(&mut self, keyword: &str) -> Parsed<()> {
        if self.keyword()?.as_deref() != Some(keyword) {
            return Err(self.mistake(&format!("'{keyword}' is missing")));
        }
        self.next()?;
        Ok(())
    }

    fn branch(&mut self) -> Parsed<Statement> {
        let mut branches = Vec::new();
        loop {
            // `if` or `elif`.
            self.next()?;
            let condition = self.until("then")?;
            let mut body = Vec::new();
            self.statements(&mut body, &["elif", "else", "fi"])?;
            branches.push((condition, body));
            if branches.len() > BRANCHES {
                return Err(self.mistake("more branches than are looked at"));
            }
            match self.keyword()?.as_deref() {
                Some("elif") => {}
                Some("else") => {
                    self.next()?;
                    let otherwise = self.until("fi")?;
                    return Ok(Statement::If {
                        branches,
                        otherwise,
                    });
                }
                _ => break,
            }
        }
        self.expect("fi")?;
        let otherwise = Vec::new();
        Ok(Statement::If {
            branches,
            otherwise,
        })
    }

    fn for_loop(&mut self) -> Parsed<Statement> {
        self.next()?;
        let Some(Token::Word(name)) = self.next()? else {
            return Err(self.mistake("a variable's name is missing behind 'for'"));
        };
        self.expect("in")?;
        let words = self.words()?;
        while matches!(self.peek()?, Some(Token::End)) {
            self.next()?;
        }
        self.expect("do")?;
        let body = self.until("done")?;
        Ok(Statement::For { name, words, body })
    }

    fn function(&mut self) -> Parsed<Statement> {
        self.next()?;
        let name = match self.next()? {
            Some(Token::Word(word)) => word.plain().map(str::to_owned),
            _ => None,
        };
        let name = name.ok_or_else(|| self.mistake("a function without a name"))?;
        while matches!(self.peek()?, Some(Token::End)) {
            self.next()?;
        }
        match self.peek()? {
            Some(Token::Open) => {}
            _ => return Err(self.mistake("a function without a body")),
        }
        let body = self.block()?;
        Ok(Statement::Function { name, body })
    }

    fn words(&mut self) -> Parsed<Vec<Word>> {
        let mut words = Vec::new();
        while matches!(self.peek()?, Some(Token::Word(_))) {
            if let Some(Token::Word(word)) = self.next()? {
                words.push(word);
            }
        }
        Ok(words)
    }

    fn command(&mut self) -> Parsed<Statement> {
        let words = self.words()?;
        let block = match self.peek()? {
            Some(Token::Open) => Some(self.block()?),
            _ => None,
        };
        Ok(Statement::Command { words, block })
    }
}
