using Chassis;
using Sidecar.Configuration;

return await ProgramShell.RunAsync(SidecarCommand.Create(), args, SidecarCommand.Epilog);
