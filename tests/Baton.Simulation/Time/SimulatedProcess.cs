namespace Baton.Simulation;

/// <summary>
/// One process life: everything that it does is a step on the one thread of the simulation. Frozen, its steps wait;
/// killed, they are dropped.
/// </summary>
internal class SimulatedProcess(Arena arena, Host host, string id) : SynchronizationContext
{
    private readonly Queue<Action> _steps = new();
    private int _frozen;
    private bool _isArmed;

    public string Id { get; } = id;

    public Host Host { get; } = host;

    public bool IsAlive { get; private set; } = true;

    public bool IsFrozen => _frozen > 0;

    /// <summary>Lets the process end in good order, if it does not already.</summary>
    public virtual void AskToStop() { }

    protected Arena Arena { get; } = arena;

    protected Timeline Timeline => Arena.Timeline;

    /// <summary>What awaits goes on here.</summary>
    public override void Post(SendOrPostCallback d, object? state) => Do(() => d(state));

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("nothing blocks in the simulation");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>The process does something as soon as it can.</summary>
    public void Do(Action step)
    {
        if (IsAlive)
        {
            _steps.Enqueue(step);
            Arm();
        }
    }

    /// <summary>Begins something that goes on by itself. Its failure is the failure of the run.</summary>
    public void Run(Func<Task> act) => Do(() => _ = Arena.WatchAsync(act));

    /// <summary>Stops the process in its tracks; it goes on when each freeze has been thawed.</summary>
    public void Freeze()
    {
        _frozen++;
        Arena.Note(Id, Validation.OperationKind.Freeze);
    }

    public void Thaw()
    {
        if (_frozen > 0 && --_frozen == 0 && IsAlive)
        {
            Arena.Note(Id, Validation.OperationKind.Thaw);
            Arm();
        }
    }

    /// <summary>Nothing of it happens any more.</summary>
    public void Kill(Validation.OperationKind how)
    {
        if (!IsAlive)
        {
            return;
        }

        IsAlive = false;
        _steps.Clear();
        Gone();
        Arena.Note(Id, how);
    }

    protected virtual void AfterStep() { }

    /// <summary>The world sees what the process leaves behind; it can't do anything any more.</summary>
    protected virtual void Gone() { }

    private void Arm()
    {
        if (!_isArmed && !IsFrozen && _steps.Count > 0)
        {
            _isArmed = true;
            Timeline.At(Timeline.Now, Step);
        }
    }

    private void Step()
    {
        _isArmed = false;
        if (!IsAlive || IsFrozen || !_steps.TryDequeue(out var step))
        {
            return;
        }

        var outside = Current;
        SetSynchronizationContext(this);
        try
        {
            step();
            if (IsAlive)
            {
                AfterStep();
            }
        }
        finally
        {
            SetSynchronizationContext(outside);
        }

        Arm();
    }
}
