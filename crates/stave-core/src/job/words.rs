//! The closed lists of words that nodes use, each as Glue spells it.

/// One of a closed list of words.
pub trait Word: Copy + PartialEq + 'static {
    /// Every word with what it stands for, in the order in which they are listed to a user.
    const WORDS: &'static [(&'static str, Self)];

    /// The word as it is written in a job file.
    fn as_str(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, meaning)| *meaning == self)
            .map_or("", |(word, _)| word)
    }

    /// What `word` stands for, if it is in the list.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .find(|(listed, _)| *listed == word)
            .map(|(_, meaning)| *meaning)
    }
}

/// What stands between two values of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Separator {
    /// `,`
    #[default]
    Comma,
    /// U+0001, Hive's default
    CtrlA,
    /// `|`
    Pipe,
    /// `;`
    Semicolon,
    /// a tabulator
    Tab,
}

impl Separator {
    /// The byte itself.
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::CtrlA => 1,
            Self::Pipe => b'|',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

impl Word for Separator {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("comma", Self::Comma),
        ("ctrla", Self::CtrlA),
        ("pipe", Self::Pipe),
        ("semicolon", Self::Semicolon),
        ("tab", Self::Tab),
    ];
}

/// What a value of a CSV file may be quoted with. `quillemet` is refused by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuoteChar {
    /// `"`
    #[default]
    Quote,
    /// `'`
    SingleQuote,
    /// nothing: a quote is a character like any other
    Disabled,
}

impl QuoteChar {
    /// The byte itself, if there is one.
    pub fn byte(self) -> Option<u8> {
        match self {
            Self::Quote => Some(b'"'),
            Self::SingleQuote => Some(b'\''),
            Self::Disabled => None,
        }
    }
}

impl Word for QuoteChar {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("quote", Self::Quote),
        ("single_quote", Self::SingleQuote),
        ("disabled", Self::Disabled),
    ];
}

/// The rules by which a CSV file is split into values (an extension).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CsvDialect {
    /// RFC 4180: quotes, doubled quotes, line breaks inside quotes
    #[default]
    Rfc4180,
    /// Hive's LazySimpleSerDe: every delimiter splits, no quotes
    Hive,
    /// Hive's OpenCSVSerde
    OpenCsv,
}

impl Word for CsvDialect {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("rfc4180", Self::Rfc4180),
        ("hive", Self::Hive),
        ("opencsv", Self::OpenCsv),
    ];
}

/// What happens to a row that cannot be read (an extension).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BadRows {
    /// the run fails and names file, line and column
    #[default]
    Fail,
    /// the row is set aside and counted
    Reject,
}

impl Word for BadRows {
    const WORDS: &'static [(&'static str, Self)] =
        &[("fail", Self::Fail), ("reject", Self::Reject)];
}

/// How a CSV or JSON file is compressed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileCompression {
    /// not at all
    None,
    /// gzip
    Gzip,
    /// bzip2
    Bzip2,
    /// Zstandard (an extension)
    Zstd,
}

impl Word for FileCompression {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("gzip", Self::Gzip),
        ("bzip2", Self::Bzip2),
        ("zstd", Self::Zstd),
    ];
}

/// How the pages of a Parquet file are compressed. `lzo` is refused by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ParquetCompression {
    /// Snappy
    #[default]
    Snappy,
    /// gzip
    Gzip,
    /// Zstandard (an extension)
    Zstd,
    /// LZ4
    Lz4,
    /// Brotli
    Brotli,
    /// not at all, Glue's other word for `none`
    Uncompressed,
    /// not at all
    None,
}

impl Word for ParquetCompression {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("snappy", Self::Snappy),
        ("gzip", Self::Gzip),
        ("zstd", Self::Zstd),
        ("lz4", Self::Lz4),
        ("brotli", Self::Brotli),
        ("uncompressed", Self::Uncompressed),
        ("none", Self::None),
    ];
}

/// What files a target writes. Glue's other formats are refused by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetFormat {
    /// Parquet
    #[default]
    Parquet,
    /// CSV with a header
    Csv,
    /// JSON, one object a line
    Json,
}

impl Word for TargetFormat {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("parquet", Self::Parquet),
        ("csv", Self::Csv),
        ("json", Self::Json),
    ];
}

/// What happens to files that are in a target's folder already (an extension).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteMode {
    /// they stay, as in Glue
    #[default]
    Append,
    /// they go when the new ones appear
    Overwrite,
}

impl Word for WriteMode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("append", Self::Append), ("overwrite", Self::Overwrite)];
}

/// What a target does to a table whose schema has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpdateBehavior {
    /// the table gets the new schema
    #[default]
    UpdateInDatabase,
    /// the table stays, the difference is logged
    Log,
}

impl Word for UpdateBehavior {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("UPDATE_IN_DATABASE", Self::UpdateInDatabase),
        ("LOG", Self::Log),
    ];
}

/// Which rows a join keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JoinType {
    /// pairs only
    #[default]
    Equijoin,
    /// pairs, and every row of the left
    Left,
    /// pairs, and every row of the right
    Right,
    /// pairs, and every row of both
    Outer,
    /// rows of the left that have a pair, without the right's columns
    LeftSemi,
    /// rows of the left that have no pair
    LeftAnti,
}

impl Word for JoinType {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("equijoin", Self::Equijoin),
        ("left", Self::Left),
        ("right", Self::Right),
        ("outer", Self::Outer),
        ("leftsemi", Self::LeftSemi),
        ("leftanti", Self::LeftAnti),
    ];
}

/// Whether all or any of a filter's expressions must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogicalOperator {
    /// all
    #[default]
    And,
    /// any
    Or,
}

impl Word for LogicalOperator {
    const WORDS: &'static [(&'static str, Self)] = &[("AND", Self::And), ("OR", Self::Or)];
}

/// How a filter compares a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterOperation {
    /// equal
    Eq,
    /// less
    Lt,
    /// greater
    Gt,
    /// less or equal
    Lte,
    /// greater or equal
    Gte,
    /// a regular expression is found in it
    Regex,
    /// it is null
    IsNull,
}

impl FilterOperation {
    /// The operation as a sign, for people.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Lt => "<",
            Self::Gt => ">",
            Self::Lte => "<=",
            Self::Gte => ">=",
            Self::Regex => "~",
            Self::IsNull => "is null",
        }
    }
}

impl Word for FilterOperation {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("EQ", Self::Eq),
        ("LT", Self::Lt),
        ("GT", Self::Gt),
        ("LTE", Self::Lte),
        ("GTE", Self::Gte),
        ("REGEX", Self::Regex),
        ("ISNULL", Self::IsNull),
    ];
}

/// What a filter's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterValueType {
    /// a column's path
    ColumnExtracted,
    /// a constant
    Constant,
}

impl Word for FilterValueType {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("COLUMNEXTRACTED", Self::ColumnExtracted),
        ("CONSTANT", Self::Constant),
    ];
}

/// Whether a union keeps rows that are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnionType {
    /// all rows
    #[default]
    All,
    /// each row once
    Distinct,
}

impl Word for UnionType {
    const WORDS: &'static [(&'static str, Self)] =
        &[("ALL", Self::All), ("DISTINCT", Self::Distinct)];
}

/// What is worked out over the rows of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The words are Spark's function names.
pub enum AggFunction {
    Avg,
    CountDistinct,
    Count,
    First,
    Last,
    Kurtosis,
    Max,
    Min,
    Skewness,
    StddevSamp,
    StddevPop,
    Sum,
    SumDistinct,
    VarSamp,
    VarPop,
}

impl Word for AggFunction {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("avg", Self::Avg),
        ("countDistinct", Self::CountDistinct),
        ("count", Self::Count),
        ("first", Self::First),
        ("last", Self::Last),
        ("kurtosis", Self::Kurtosis),
        ("max", Self::Max),
        ("min", Self::Min),
        ("skewness", Self::Skewness),
        ("stddev_samp", Self::StddevSamp),
        ("stddev_pop", Self::StddevPop),
        ("sum", Self::Sum),
        ("sumDistinct", Self::SumDistinct),
        ("var_samp", Self::VarSamp),
        ("var_pop", Self::VarPop),
    ];
}
