// The document's own words with the answer marked, asked for when a row is opened.
function Passage({ row }) {
  const [words, setWords] = useState(null);
  useEffect(() => {
    let here = true;
    ask('qa3_passage', { chunk: row.chunk, span: row.span })
      .then((came) => here && setWords(came))
      .catch(() => here && setWords({ before: '', quote: row.sentence ?? '', after: '' }));
    return () => {
      here = false;
    };
  }, [row.chunk, String(row.span)]);
  if (!words) return <p className="qa3-quiet">…</p>;
  return (
    <blockquote className="qa3-passage" data-qa3="passage" tabIndex="0" aria-label={say('passage')}>
      {words.begins ? '' : '… '}
      {words.before}
      {words.quote && <mark>{words.quote}</mark>}
      {words.after}
      {words.ends ? '' : ' …'}
    </blockquote>
  );
}

// Two boxes for the words of a pair.
function Editing({ row, done }) {
  const [question, setQuestion] = useState(row.question);
  const [answer, setAnswer] = useState(row.answer);
  const save = async (event) => {
    event.preventDefault();
    if (await act('qa3_reword', { pair: row.id, question, answer })) done(true);
  };
  const leave = (event) => event.key === 'Escape' && done(false);
  return (
    <form className="qa3-edit" onSubmit={save} onKeyDown={leave}>
      <label>
        {say('question')}
        <textarea autoFocus rows="2" value={question} onChange={(e) => setQuestion(e.target.value)} />
      </label>
      <label>
        {say('answer')}
        <textarea rows="3" value={answer} onChange={(e) => setAnswer(e.target.value)} />
      </label>
      <div className="qa3-buttons">
        <Button size="sm" type="submit" data-qa3="save">
          {say('save')}
        </Button>
        <Button size="sm" type="button" variant="ghost" onClick={() => done(false)}>
          {say('cancel')}
        </Button>
      </div>
    </form>
  );
}

// Everything about a pair: its passage, what stands beside it, what can be done with it.
function Details({ row, view, running, changed }) {
  const [editing, setEditing] = useState(false);
  const change = async (name) => (await act(name, { pair: row.id })) && changed();
  if (CHUNKS.includes(view)) {
    return (
      <div className="qa3-details">
        <Passage row={row} />
        {row.raw && (
          <details>
            <summary>{say('raw')}</summary>
            <pre>{row.raw}</pre>
          </details>
        )}
      </div>
    );
  }
  if (editing) {
    const done = (saved) => {
      setEditing(false);
      if (saved) changed();
    };
    return <Editing row={row} done={done} />;
  }
  return (
    <div className="qa3-details">
      {!row.span && <p className="qa3-warning">{say('no_evidence')}</p>}
      <Passage row={row} />
      {!row.doubtful && <Checked row={row} />}
      {(row.against ?? []).map((other) => (
        <p className="qa3-warning" key={other}>
          {say('conflict')}: {other}
        </p>
      ))}
      {(row.beside ?? []).map((one, at) => (
        <p className="qa3-beside" key={at}>
          <span className="qa3-badge">{one.score}</span> {one.question} — {one.answer}
        </p>
      ))}
      {!running && row.id && (
        <div className="qa3-buttons">
          {view !== 'duplicates' && (
            <Button size="sm" variant="outline" onClick={() => setEditing(true)} data-qa3="edit">
              {say('edit')}
            </Button>
          )}
          {view === 'kept' ? (
            <Button size="sm" variant="outline" onClick={() => change('qa3_leave_out')} data-qa3="leave-out">
              {say('leave_out')}
            </Button>
          ) : (
            <Button
              size="sm"
              variant="outline"
              onClick={() => change(row.by_hand && !row.edited ? 'qa3_undo' : 'qa3_keep')}
              data-qa3="restore"
            >
              {say(row.by_hand ? 'put_back' : 'restore')}
            </Button>
          )}
          {row.doubtful && (
            <Button size="sm" variant="outline" onClick={() => change('qa3_keep')} data-qa3="confirm">
              {say('restore')}
            </Button>
          )}
          {row.edited && (
            <Button size="sm" variant="outline" onClick={() => change('qa3_undo')} data-qa3="undo">
              {say('undo')}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
